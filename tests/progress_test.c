#include "progress.h"
#include "terminal.h"
#include <criterion/criterion.h>
#include <pty.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const Progress half = {.done = 500, .total = 1000, .epoch = 3, .loss = 0.69314718f};

static void expect_line(const Progress *progress, double elapsed, int columns, const char *expected)
{
	char line[256];
	progress_line(progress, elapsed, columns, line, sizeof line);
	cr_expect_str_eq(line, expected, "%d columns: found `%s`", columns, line);
}

Test(progress, what_fits)
{
	expect_line(&half, 5025, 1, "");
	expect_line(&half, 5025, 5, " 50%");
	expect_line(&half, 5025, 10, "epoch 3");
	expect_line(&half, 5025, 14, "1:23:45 left");
	expect_line(&half, 5025, 40, "epoch 3  loss 0.6931  1:23:45 left");
	expect_line(&half, 5025, 59, "[#######.......]   50%  epoch 3  loss 0.6931  1:23:45 left");
	expect_line(&half, 5025, 80, "[############............]   50%  epoch 3  loss 0.6931  1:23:45 left  10 s/step");
	expect_line(&half, 5025, 200,
		"[###############...............]   50%  epoch 3  loss 0.6931  1:23:45 left  10 s/step");
}

Test(progress, the_network_where_there_are_several)
{
	Progress several = half;
	several.network = "mlp_bn";
	expect_line(&several, 5025, 80, "[########........]   50%  epoch 3  mlp_bn  loss 0.6931  1:23:45 left  10 s/step");
	several.network = "a_name_of_sixty_three_characters_is_the_longest_that_a_network_can_have";
	expect_line(&several, 5025, 80, "[############............]   50%  epoch 3  loss 0.6931  1:23:45 left  10 s/step");
	expect_line(&several, 5025, 100,
		"[#########.........]   50%  epoch 3  a_name_of_sixty_three_ch  loss 0.6931  1:23:45 left  10 s/step");
}

Test(progress, rates)
{
	static const struct { int64_t done; double elapsed; const char *action, *rate; } cases[] = {
		{5000, 1, 0, "left  5000 steps/s"}, {5000, 500.1, 0, "left  10 steps/s"}, {5000, 2000, 0, "left  2.5 steps/s"},
			{5000, 5000, 0, "left  1.0 steps/s"},
		{5000, 15500, 0, "left  3.1 s/step"}, {10, 1250, 0, "left  125 s/step"},
			{500, 1, "evaluating", "left  500 batches/s"},
		{1, 2, "evaluating", "left  2.0 s/batch"}, {0, 0, 0, "loss 0.000"}, {0, 3, "evaluating", "evaluating"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		Progress progress = {.done = cases[i].done, .total = 10000, .action = cases[i].action};
		char line[256];
		progress_line(&progress, cases[i].elapsed, 120, line, sizeof line);
		size_t length = strlen(cases[i].rate), all = strlen(line);
		cr_expect(all > length && strcmp(line + all - length, cases[i].rate) == 0, "expected `%s` at the end of `%s`",
			cases[i].rate, line);
	}
}

/* Whatever the lengths of the texts: it becomes shorter, and no longer again. */
Test(progress, the_bar_does_not_jump)
{
	static const float losses[] = {1.5f, 0.9f, 0.09f, 1.2f, 1e-9f, 0.5f};
	static const char *const networks[] = {0, "mlp", "mlp_bn", "mlp", "mlp_bn", "mlp"};
	Progress progress = {.done = 500, .total = 1000};
	char line[256];
	int before = 32;
	for (int i = 0; i < 6; i++) {
		progress.loss = losses[i];
		progress.network = networks[i];
		progress.bar = progress_line(&progress, 1 + i % 2 * 100, 80, line, sizeof line);
		progress.columns = 80;
		cr_expect(progress.bar <= before && progress.bar >= 12 && strchr(line, ']') == line + progress.bar - 1,
			"%d after %d: `%s`", progress.bar, before, line);
		before = progress.bar;
	}
	cr_expect_eq(progress_line(&progress, 1, 200, line, sizeof line), 32);
}

Test(progress, times)
{
	static const struct { int64_t done; double elapsed; const char *left; } cases[] = {
		{999, 999, "0:00:01 left"}, {1000, 60, "0:00:00 left"}, {1, 1, "0:16:39 left"}, {500, 59.6, "0:01:00 left"},
		{500, 3599, "0:59:59 left"}, {500, 360000, "100:00:00 left"}, {1, 1e9, "9999:00:00 left"},
			{1, 0, "0:00:00 left"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		Progress progress = {.done = cases[i].done, .total = 1000};
		char line[256];
		progress_line(&progress, cases[i].elapsed, 80, line, sizeof line);
		cr_expect(strstr(line, cases[i].left), "expected `%s` in `%s`", cases[i].left, line);
	}
}

/* Whatever the numbers, the last column stays free, and the bar is no longer than its brackets. */
Test(progress, every_width)
{
	static const float losses[] = {0, 1e-38f, 0.5f, 123456, 3.4e38f, -1};
	for (int columns = 0; columns < 400; columns++)
		for (int done = 1; done <= 1000; done += 111)
			for (size_t i = 0; i < sizeof losses / sizeof *losses; i++) {
				Progress progress = {.done = done, .total = 1000, .epoch = 2147483647, .loss = losses[i],
					.network = "a_long_name_of_a_network"};
				char line[256];
				progress_line(&progress, 1e-3 * done, columns, line, sizeof line);
				cr_assert_lt((int)strlen(line), columns > 0 ? columns : 1, "%d columns: `%s`", columns, line);
				cr_assert(columns <= 12 || strstr(line, "left"), "%d columns: `%s`", columns, line);
			}
}

/* What a terminal of so many columns is given while this runs. */
static void record(void (*run)(void), int columns, const char *kind, char *found, size_t size)
{
	int master, slave;
	const struct winsize window = {.ws_row = 24, .ws_col = (unsigned short)columns};
	cr_assert(openpty(&master, &slave, 0, 0, &window) == 0);
	kind ? setenv("TERM", kind, 1) : unsetenv("TERM");
	fflush(stderr);
	int before = dup(STDERR_FILENO);
	dup2(slave, STDERR_FILENO);
	close(slave);
	run();
	dup2(before, STDERR_FILENO);
	close(before);
	size_t used = 0;
	for (ssize_t got; used < size - 1 && (got = read(master, found + used, size - 1 - used)) > 0;)
		used += (size_t)got;
	found[used] = 0;
	close(master);
}

/* A bar that is due whenever it is looked at. */
static void draw_twice(void)
{
	Progress progress = progress_start(4, true);
	for (int i = 0; i < 2; i++) {
		progress.next_draw = 0;
		progress.next_look = 0;
		progress_step(&progress, 0.5f);
	}
	progress_clear(&progress);
	progress_clear(&progress);
}

Test(progress, a_bar_is_drawn_over_and_taken_away_once)
{
	char found[1000];
	record(draw_twice, 24, "xterm", found, sizeof found);
	cr_expect_str_eq(found, "\repoch 0  0:00:00 left\033[K\repoch 0  0:00:00 left\033[K\r\033[K", "found `%s`", found);
}

Test(progress, a_dumb_terminal_gets_whole_lines)
{
	static const char *const kinds[] = {"dumb", 0, ""};
	for (size_t i = 0; i < 3; i++) {
		char found[1000];
		record(draw_twice, 24, kinds[i], found, sizeof found);
		cr_expect_str_eq(found, "epoch 0  0:00:00 left\r\nepoch 0  0:00:00 left\r\n", "found `%s`", found);
	}
}

static void draw_unwanted(void)
{
	Progress progress = progress_start(4, false);
	progress.next_draw = 0;
	progress_step(&progress, 0.5f);
	progress_clear(&progress);
}

Test(progress, nothing_unless_wanted)
{
	char found[1000];
	record(draw_unwanted, 80, "xterm", found, sizeof found);
	cr_expect_str_eq(found, "");
}

static const char *waiting_name;

/* Until the line is there, or for ten seconds. */
static void wait_long(void)
{
	waiting_begin("reading", waiting_name, true);
	struct timespec rest = {10, 0};
	nanosleep(&rest, 0);            /* which the signal ends */
	waiting_end();
}

static void wait_briefly(void)
{
	waiting_begin("reading", "a.npz", true);
	waiting_end();
}

static void wait_unwanted(void)
{
	waiting_begin("reading", "a.npz", false);
	waiting_end();
}

Test(progress, what_takes_half_a_second_is_named)
{
	static const struct { const char *name, *kind; int columns; const char *found; } cases[] = {
		{"big.npz", "xterm", 80, "\rreading big.npz ...\r\033[K"},
		{"big.npz", "dumb", 80, "reading big.npz ...\r\n"},
		{"a_long_name.npz", "xterm", 20, "\rreading a_long_ ...\r\033[K"},
		{"a_long_name.npz", "xterm", 5, ""},
		{"\x1b[2J\n\xe5\xb1\x82\xc2\x9b\xff", "xterm", 80, "\rreading ?[2J?\xe5\xb1\x82??? ...\r\033[K"},
		{"\xe5\xb1\x82\xe5\xb1\x82\xe5\xb1\x82", "xterm", 18, "\rreading \xe5\xb1\x82\xe5\xb1\x82 ...\r\033[K"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char found[1000];
		waiting_name = cases[i].name;
		if (*cases[i].found) {
			record(wait_long, cases[i].columns, cases[i].kind, found, sizeof found);
			cr_expect_str_eq(found, cases[i].found, "case %zu: found `%s`", i, found);
		}
	}
	char found[1000];
	record(wait_briefly, 80, "xterm", found, sizeof found);
	cr_expect_str_eq(found, "");
	record(wait_unwanted, 80, "xterm", found, sizeof found);
	cr_expect_str_eq(found, "");
}
