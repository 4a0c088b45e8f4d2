/* board.c: a Cortex-M4F from reset to main, and back to the debugger (or QEMU) that listens by semihosting. */
#include "board.h"
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { WRITE = 0x04, EXIT = 0x18 };                     /* semihosting's operations, */
enum { FAILED = 0x20023, FINISHED = 0x20026 };          /* and its reasons to exit */
static const uint32_t paint = 0x5afe57ac;

/* board.ld says where these are. */
extern uint32_t stack_begin[], stack_end[], data_begin[], data_end[], data_stored[], bss_begin[], bss_end[];

int main(void);
void board_reset(void);

static void call_debugger(uint32_t operation, uint32_t argument)
{
	register uint32_t r0 __asm__("r0") = operation;
	register uint32_t r1 __asm__("r1") = argument;
	__asm__ volatile ("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
}

static _Noreturn void finish(uint32_t reason)
{
	for (;;)
		call_debugger(EXIT, reason);
}

void board_write(const char *text)
{
	call_debugger(WRITE, (uint32_t)text);
}

/* SysTick counts down from 2^24 - 1. */
static volatile uint32_t *const tick_control = (volatile uint32_t *)0xe000e010;
static volatile uint32_t *const tick_reload = (volatile uint32_t *)0xe000e014;
static volatile uint32_t *const tick_value = (volatile uint32_t *)0xe000e018;

static void start_ticks(void)
{
	*tick_reload = 0xffffff;
	*tick_value = 0;
	*tick_control = 5;              /* on, by the processor's clock */
}

uint32_t board_ticks(void)
{
	return 0xffffff - *tick_value;
}

unsigned board_stack_used(void)
{
	const uint32_t *untouched = stack_begin;

	while (untouched < stack_end && *untouched == paint)
		untouched++;
	return (unsigned)(stack_end - untouched) * sizeof *untouched;
}

static void fault(void)
{
	board_write("fault\n");
	finish(FAILED);
}

void board_reset(void)
{
	volatile uint32_t *const coprocessors = (volatile uint32_t *)0xe000ed88;
	uint32_t *const here = __builtin_frame_address(0);

	*coprocessors |= 0xfu << 20;    /* the floating-point unit is off after reset */
	__asm__ volatile ("dsb\n\tisb" ::: "memory");
	for (volatile uint32_t *word = stack_begin; word < here - 16; word++)
		*word = paint;
	memcpy(data_begin, data_stored, (size_t)((char *)data_end - (char *)data_begin));
	memset(bss_begin, 0, (size_t)((char *)bss_end - (char *)bss_begin));
	start_ticks();
	finish(main() == 0 ? FINISHED : FAILED);
}

/* The first words of the image: the stack, then what runs on reset and on each of the fourteen exceptions. */
typedef struct Vectors {
	uint32_t *stack;
	void (*reset)(void);
	void (*exception[14])(void);
} Vectors;

__attribute__((section(".vectors"), used))
static const Vectors vectors = {
	stack_end, board_reset,
	{ fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault }
};
