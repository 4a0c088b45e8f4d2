/* What the program asks of where it runs: board.c is a microcontroller, host.c the computer that compares. */
#ifndef BOARD_H
#define BOARD_H
#include <stdint.h>

void board_write(const char *text);

/* Ticks of the processor's clock; differences below 2^24 can be told. 0 where there is no such clock. */
uint32_t board_ticks(void);

/* The most bytes of stack that have been in use; 0 where that cannot be told. */
unsigned board_stack_used(void);

#endif
