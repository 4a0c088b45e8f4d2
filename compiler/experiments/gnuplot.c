/* gnuplot.c: a picture as a script for gnuplot, with its data, which people can restyle; and gnuplot as a program. */
#include "picture.h"
#include "base/code.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- kinds of files */

/* The gnuplot terminal that makes a kind; null: the script itself is it. The sizes are for one panel and for two. */
static const struct { const char *suffix, *terminal, *sizes[MAX_PANELS]; } kinds[] = {
	{".gp", 0, {"", ""}},
	{".png", "pngcairo noenhanced font 'sans,11'", {"600,420", "1000,420"}},
	{".svg", "svg noenhanced font 'sans,13' background rgb 'white'", {"600,420", "1000,420"}},
	{".pdf", "pdfcairo noenhanced font 'sans,10'", {"6in,4.2in", "10in,4.2in"}},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static int kind_of(const char *path)
{
	const size_t length = strlen(path);
	for (int i = 0; i < KINDS; i++) {
		const size_t end = strlen(kinds[i].suffix);
		if (length > end && strcmp(path + length - end, kinds[i].suffix) == 0)
			return i;
	}
	return -1;
}

bool plot_check(const char *path, Failure *failure)
{
	return kind_of(path) >= 0
		|| fail(failure, "--plot writes FILE.png, FILE.svg, FILE.pdf or FILE.gp, a script for gnuplot; without "
			"FILE it draws in the terminal; found `%.200s`", path);
}

/* ---- the script */

/* Okabe and Ito's colours, which colour-blind people can tell apart; the points differ, too. */
static const char *const colours[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"};
static const int points[] = {7, 5, 9, 13, 11, 6, 4, 8, 12, 10};
enum { COLOURS = sizeof colours / sizeof *colours, POINTS = sizeof points / sizeof *points };

static void put_text(Code *code, const char *text)
{
	code_put(code, "\"");
	for (; *text; text++)
		if (*text == '"' || *text == '\\')
			code_put(code, "\\%c", *text);
		else
			code_put(code, "%c", (unsigned char)*text < ' ' ? ' ' : *text);
	code_put(code, "\"");
}

static void put_number(Code *code, double number)
{
	code_put(code, isfinite(number) ? " %.7g" : " NaN", number);
}

/* Each series is a block of lines: x, y, and the ends of the band. */
static void put_data(Code *code, const Picture *picture)
{
	for (int i = 0; i < picture->panel_count; i++)
		for (int k = 0; k < picture->panels[i].series_count; k++) {
			const Curve *s = &picture->panels[i].series[k];
			code_put(code, "$panel%d_%d << END\n# %s\n", i + 1, k + 1, s->name);
			for (int p = 0; p < s->points.count; p++) {
				const Point *point = &s->points.items[p];
				const double numbers[] = {point->x, point->y, point->low, point->high};
				for (int n = 0; n < 4; n++)
					put_number(code, numbers[n]);
				code_put(code, "\n");
			}
			code_put(code, s->points.count ? "END\n" : " NaN NaN NaN NaN\nEND\n");
		}
}

static void put_band(Code *code, int panel, int series, const Curve *s)
{
	code_put(code, "\t$panel%d_%d using 1:3:4 with filledcurves fillcolor rgb \"%s\" fillstyle transparent solid 0.18 "
		"noborder notitle, \\\n", panel + 1, series + 1, colours[s->style % COLOURS]);
}

/* Few points are marked; of many only some, so that the line can be seen. */
static void put_line(Code *code, int panel, int series, const Curve *s, bool last)
{
	const int each = (s->points.count + 24) / 25;
	code_put(code, "\t$panel%d_%d using 1:2 with linespoints linecolor rgb \"%s\" linewidth 2 dashtype %s pointtype %d "
		"pointsize 0.8 pointinterval %d title ", panel + 1, series + 1, colours[s->style % COLOURS],
		s->dashed ? "(8,6)" : "solid", s->dashed ? 1 : points[s->style % POINTS], each ? each : 1);
	put_text(code, s->name);
	code_put(code, last ? "\n" : ", \\\n");
}

static void put_axis(Code *code, char axis, const char *label, bool log)
{
	code_put(code, "set %clabel ", axis);
	put_text(code, label);
	code_put(code, log ? "\nset logscale %c\nset format %c \"%%g\"\n" : "\nunset logscale %c\nset format %c \"%%g\"\n",
		axis, axis);
}

/* A few whole numbers, such as sizes, are marked themselves. */
static void put_tics(Code *code, const Panel *panel)
{
	enum { MOST_MARKED = 10 };
	const Curve *longest = &panel->series[0];
	for (int i = 1; i < panel->series_count; i++)
		longest = panel->series[i].points.count > longest->points.count ? &panel->series[i] : longest;
	bool marked = longest->points.count > 1 && longest->points.count <= MOST_MARKED;
	for (int i = 0; i < longest->points.count; i++)
		marked &= longest->points.items[i].x == floor(longest->points.items[i].x);
	code_put(code, marked ? "set xtics (" : "set xtics autofreq");
	for (int i = 0; marked && i < longest->points.count; i++)
		code_put(code, "%s%.7g", i ? ", " : "", longest->points.items[i].x);
	code_put(code, marked ? ")\n" : "\n");
}

static void put_panel(Code *code, const Picture *picture, int index)
{
	const Panel *panel = &picture->panels[index];
	Extent e;
	put_axis(code, 'x', panel->x_label, panel->log_x);
	put_axis(code, 'y', panel->y_label, panel->log_y);
	put_tics(code, panel);
	if (panel_extent(panel, &e) && e.x_low < e.x_high)
		code_put(code, "set xrange [%.7g:%.7g]\n", e.x_low, e.x_high);
	code_put(code, "plot \\\n");
	for (int i = 0; i < panel->series_count; i++)
		if (panel->series[i].band)
			put_band(code, index, i, &panel->series[i]);
	for (int i = 0; i < panel->series_count; i++)
		put_line(code, index, i, &panel->series[i], i + 1 == panel->series_count);
}

static const char *script_of(const Picture *picture, const char *name)
{
	Code code = {.arena = picture->arena};
	code_put(&code, "# Written by bnc for gnuplot. For example:\n"
		"#   gnuplot -e \"set terminal pngcairo noenhanced size %s; set output '%s.png'\" %s.gp\n",
		kinds[1].sizes[picture->panel_count - 1], name, name);
	put_data(&code, picture);
	code_put(&code, "set encoding utf8\nset grid linecolor rgb \"#d8d8d8\"\nset border 3\nset tics nomirror out\n"
		"set key under center horizontal\nset datafile missing \"NaN\"\nset multiplot layout 1,%d title ",
		picture->panel_count);
	put_text(&code, picture->title);
	code_put(&code, " noenhanced\n");
	for (int i = 0; i < picture->panel_count; i++)
		put_panel(&code, picture, i);
	code_put(&code, "unset multiplot\n");
	return code_text(&code);
}

static bool write_script(const char *path, const char *script, Failure *failure)
{
	AtomicFile file;
	if (!atomic_open(&file, path, failure))
		return false;
	atomic_write(&file, script, strlen(script));
	return atomic_commit(&file, failure);
}

/* ---- gnuplot */

/* In the new process. The script is standard input, as a file, so that neither program waits for the other. */
static _Noreturn void become_gnuplot(const char *settings, FILE *script, int output)
{
	if (dup2(fileno(script), STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0)
		_exit(126);
	execlp("gnuplot", "gnuplot", "-e", settings, "-", (char *)0);
	_exit(errno == ENOENT ? 127 : 126);
}

static FILE *open_script(const char *script)
{
	FILE *file = tmpfile();
	if (file && (fputs(script, file) == EOF || fflush(file) != 0 || fseek(file, 0, SEEK_SET) != 0)) {
		fclose(file);
		file = 0;
	}
	return file;
}

/* Takes what gnuplot draws. */
static void take_output(int output, AtomicFile *file, size_t *length)
{
	char bytes[16384];
	ssize_t count;
	while ((count = read(output, bytes, sizeof bytes)) > 0 || (count < 0 && errno == EINTR))
		if (count > 0) {
			atomic_write(file, bytes, (size_t)count);
			*length += (size_t)count;
		}
}

/* Returns the exit status: 127 if there is no gnuplot. */
static int draw(const char *settings, FILE *script, AtomicFile *file, size_t *length)
{
	int ends[2], status = 0;
	if (pipe(ends) != 0)
		return 126;
	fflush(stdout);
	const pid_t process = fork();
	if (process == 0) {
		close(ends[0]);
		become_gnuplot(settings, script, ends[1]);
	}
	close(ends[1]);
	take_output(ends[0], file, length);
	close(ends[0]);
	while (process > 0 && waitpid(process, &status, 0) < 0 && errno == EINTR)
		;
	return process > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : 126;
}

static bool draw_file(const Picture *picture, int kind, const char *path, const char *script, int *status,
	Failure *failure)
{
	AtomicFile file;
	size_t length = 0;
	FILE *text = open_script(script);
	if (!text)
		return fail(failure, "%s: no temporary file can be had for gnuplot: %s", path, strerror(errno));
	if (!atomic_open(&file, path, failure)) {
		fclose(text);
		return false;
	}
	const char *settings = arena_print(picture->arena, "set terminal %s size %s", kinds[kind].terminal,
		kinds[kind].sizes[picture->panel_count - 1]);
	*status = draw(settings, text, &file, &length);
	fclose(text);
	if (*status == 0 && length)
		return atomic_commit(&file, failure);
	atomic_abandon(&file);
	return *status == 127 || fail(failure, "%s: gnuplot has failed, and has said why; --plot FILE.gp writes what it "
		"was given", path);
}

bool plot_write(const Picture *picture, const char *path, const char **missing, Failure *failure)
{
	const int kind = kind_of(path), stem = (int)(strlen(path) - strlen(kinds[kind].suffix));
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	const char *script = script_of(picture, arena_print(picture->arena, "%.*s", (int)(path + stem - base), base));
	int status = 0;
	*missing = 0;
	if (!kinds[kind].terminal)
		return write_script(path, script, failure);
	if (!draw_file(picture, kind, path, script, &status, failure))
		return false;
	if (status != 127)
		return true;
	*missing = arena_print(picture->arena, "%.*s.gp", stem, path);
	return write_script(*missing, script, failure);
}
