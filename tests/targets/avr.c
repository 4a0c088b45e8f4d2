/* Trains and classifies on a processor whose int has 16 bits, and prints every bit: for simavr's serial port, or for
 * this computer. */
#include "device.h"
#include <stdio.h>
#include <string.h>

#ifdef __AVR__
#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/sleep.h>

static int put(char c, FILE *stream)
{
	(void)stream;
	loop_until_bit_is_set(UCSR0A, UDRE0);
	UDR0 = (unsigned char)c;
	return 0;
}

static FILE serial = FDEV_SETUP_STREAM(put, NULL, _FDEV_SETUP_WRITE);

static void begin(void)
{
	UCSR0B = 1 << TXEN0;
	stdout = &serial;
}

static void end(void)
{
	cli();
	sleep_enable();
	sleep_cpu();
}
#else
static void begin(void) {}
static void end(void) {}
#endif

static device net;

static void print_bits(float value)
{
	uint32_t bits;

	memcpy(&bits, &value, sizeof bits);
	printf("%08lx\n", (unsigned long)bits);
}

int main(void)
{
	static const float x[4][DEVICE_INPUTS] = { { 0, 1 }, { 1, -0.5f }, { -1, 0 }, { 2, 0.5f } };
	static const int32_t label[4] = { 0, 1, 0, 1 };
	float y[DEVICE_OUTPUTS];

	begin();
	device_init(&net, 7);
	for (int step = 0; step < 8; step++)
		print_bits(device_train(&net, x[0], label, 4, 0.1f));
	for (int row = 0; row < 4; row++) {
		device_predict(&net, x[row], y, 1);
		print_bits(y[0]);
		printf("class %d\n", (int)device_classify(y));
	}
	end();
	return 0;
}
