/* What the program asks of where it runs: board.c is a microcontroller, host.c the computer that compares. */
#ifndef BOARD_H
#define BOARD_H

void board_write(const char *text);

/* The most bytes of stack that have been in use; 0 where that cannot be told. */
unsigned board_stack_used(void);

#endif
