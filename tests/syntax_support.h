/* syntax_support.h: what the tests of lexer, parser and messages share. */
#ifndef SYNTAX_SUPPORT_H
#define SYNTAX_SUPPORT_H
#include "bnc.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/* One source, read. The text has a heap block of its own, so that a sanitizer sees any look beyond its end. */
typedef struct Reading {
	Arena *arena;
	Source *source;
	char *text;
	Diagnostics *diagnostics;
} Reading;

static inline Reading open_bytes(const char *bytes, size_t length)
{
	Reading reading = { .arena = arena_open(), .text = malloc(length + 1) };
	memcpy(reading.text, bytes, length);
	reading.text[length] = 0;
	reading.source = NEW(reading.arena, Source);
	*reading.source = (Source){ "t.net", reading.text, length };
	reading.diagnostics = diagnostics_open(reading.arena, reading.source);
	return reading;
}

static inline Reading open_text(const char *text)
{
	return open_bytes(text, strlen(text));
}

static inline void close_reading(Reading *reading)
{
	arena_close(reading->arena);
	free(reading->text);
}

static inline Statement *read_tree(const Reading *reading)
{
	return parse(reading->arena, reading->diagnostics, reading->source, meant_assignment);
}

/* The texts below live as long as the reading. */
typedef struct Capture {
	FILE *out;
	char *text;
	size_t size;
} Capture;

static inline void open_capture(Capture *capture)
{
	capture->out = open_memstream(&capture->text, &capture->size);
	cr_assert(capture->out);
}

static inline char *close_capture(Capture *capture, Arena *arena)
{
	fclose(capture->out);
	char *text = arena_copy(arena, capture->text, capture->size);
	free(capture->text);
	return text;
}

/* What diagnostics_print prints. */
static inline char *printed(const Reading *reading)
{
	Capture capture;
	open_capture(&capture);
	diagnostics_print(reading->diagnostics, capture.out);
	return close_capture(&capture, reading->arena);
}

#define expect_text(actual, expected) \
	cr_expect(!strcmp((actual), (expected)), "found:\n%s\nexpected:\n%s", (actual), (expected))

#endif
