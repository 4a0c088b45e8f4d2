/* code.h: builds the text of C programs. */
#ifndef CODE_H
#define CODE_H
#include "bnc.h"

typedef struct Code { Arena *arena; char *items; int count, capacity; } Code;

void code_add(Code *code, const char *text, size_t length);
void code_put(Code *code, const char *format, ...) __attribute__((format(printf, 2, 3)));
void code_put_list(Code *code, const char *format, va_list values) __attribute__((format(printf, 2, 0)));
const char *code_text(Code *code);      /* ends it with a 0 */

#endif
