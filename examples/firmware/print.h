/* Numbers as text, without stdio. */
#ifndef PRINT_H
#define PRINT_H
#include <stdint.h>

void print_number(uint32_t number);
/* A value from 0 on, to four places. */
void print_value(double value);
/* The float nearest to the value, bit by bit. */
void print_bits(double value);

#endif
