/* terminal.h: what can be shown where the messages go. */
#ifndef BNC_TERMINAL_H
#define BNC_TERMINAL_H
#include <stdbool.h>
#include <stdio.h>

typedef enum Colour { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER } Colour;

/* For the whole process. Auto: on a terminal that knows colours, unless NO_COLOR is in the environment and not empty. */
void terminal_choose_colour(Colour colour);
/* The control sequence that begins a style, empty where there are no colours. */
typedef enum Style { STYLE_PLAIN, STYLE_PLACE, STYLE_ERROR, STYLE_WARNING, STYLE_NOTE, STYLE_CARET } Style;
const char *terminal_style(FILE *out, Style style);
/* Whether it takes control sequences: TERM is set, and not to `dumb`. */
bool terminal_obeys(int file);
/* Of the window as it is now; 80 where the terminal does not know, 0 where there is no terminal. */
int terminal_columns(int file);

#endif
