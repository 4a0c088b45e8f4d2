/* terminal.h: what the terminal can show to which messages go. */
#ifndef BNC_TERMINAL_H
#define BNC_TERMINAL_H
#include <stdbool.h>
#include <stdio.h>

typedef enum Colour { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER } Colour;

/* Sets the choice for the whole process. Auto: colours on a terminal that has them, unless NO_COLOR is set and not
 * empty. */
void terminal_choose_colour(Colour colour);
/* The control sequence that begins a style; empty without colours. */
typedef enum Style { STYLE_PLAIN, STYLE_PLACE, STYLE_ERROR, STYLE_WARNING, STYLE_NOTE, STYLE_CARET } Style;
const char *terminal_style(FILE *out, Style style);
/* Whether the terminal understands control sequences: TERM is set, and not to `dumb`. */
bool terminal_obeys(int file);
/* The number of bytes of the character at text; 0 for one that should not be sent to a terminal: a control character,
 * or one that is not UTF-8. */
int terminal_character(const char *text);
/* Copies text with `?` for each byte that should not be sent there. What has no room is left out; size: at least 5. */
void terminal_text(char *out, size_t size, const char *text);
/* The columns of the window at this moment; 80 if the terminal does not know, 0 if there is no terminal. */
int terminal_columns(int file);

#endif
