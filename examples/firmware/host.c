/* host.c: the same program on the computer that built it. */
#include "board.h"
#include <stdio.h>

void board_write(const char *text)
{
	fputs(text, stdout);
}

uint32_t board_ticks(void)
{
	return 0;
}

unsigned board_stack_used(void)
{
	return 0;
}
