/* gnuplot.c: a picture as a script for gnuplot, with its data, which people can restyle; and gnuplot as a program. */
#include "script.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- kinds of files */

/* The gnuplot terminal that makes a kind, and how many pixels its unit has; no terminal: the script itself is it. */
static const struct { const char *suffix, *terminal, *unit; double pixels; } kinds[] = {
	{".gp", 0, "", 1},
	{".png", "pngcairo noenhanced font 'sans,11'", "", 1},
	{".svg", "svg noenhanced font 'sans,13' background rgb 'white'", "", 1},
	{".pdf", "pdfcairo noenhanced font 'sans,10'", "in", 100},
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

static const char *size_of(const Picture *picture, int kind)
{
	int width = picture->panel_count > 1 ? 1000 : 600, height = 420;
	if (picture->kind != PICTURE_CURVES)
		grids_size(picture, &width, &height);
	return arena_print(picture->arena, "%g%s,%g%s", width / kinds[kind].pixels, kinds[kind].unit,
		height / kinds[kind].pixels, kinds[kind].unit);
}

static const char *script_of(const Picture *picture, const char *name)
{
	Code code = {.arena = picture->arena};
	code_put(&code, "# Written by bnc for gnuplot. For example:\n"
		"#   gnuplot -e \"set terminal pngcairo noenhanced size %s; set output '%s.png'\" %s.gp\n",
		size_of(picture, 1), name, name);
	if (picture->kind != PICTURE_CURVES)
		put_grids(&code, picture);
	else
		put_curves(&code, picture);
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

/* Where what gnuplot draws goes: to a file, or into memory. */
typedef struct Drawn { AtomicFile *file; FILE *memory; size_t length; } Drawn;

static void take_output(int output, Drawn *drawn)
{
	char bytes[16384];
	ssize_t count;
	while ((count = read(output, bytes, sizeof bytes)) > 0 || (count < 0 && errno == EINTR)) {
		if (count <= 0)
			continue;
		drawn->length += (size_t)count;
		if (drawn->file)
			atomic_write(drawn->file, bytes, (size_t)count);
		else
			fwrite(bytes, 1, (size_t)count, drawn->memory);
	}
}

/* Returns the exit status: 127 if there is no gnuplot. */
static int draw(const char *settings, FILE *script, Drawn *drawn)
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
	take_output(ends[0], drawn);
	close(ends[0]);
	while (process > 0 && waitpid(process, &status, 0) < 0 && errno == EINTR)
		;
	return process > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : 126;
}

static const char *settings_of(const Picture *picture, int kind)
{
	return arena_print(picture->arena, "set terminal %s size %s", kinds[kind].terminal, size_of(picture, kind));
}

static bool draw_file(const Picture *picture, int kind, const char *path, const char *script, int *status,
	Failure *failure)
{
	AtomicFile file;
	Drawn drawn = {.file = &file};
	FILE *text = open_script(script);
	if (!text)
		return fail(failure, "%s: no temporary file can be had for gnuplot: %s", path, strerror(errno));
	if (!atomic_open(&file, path, failure)) {
		fclose(text);
		return false;
	}
	*status = draw(settings_of(picture, kind), text, &drawn);
	fclose(text);
	if (*status == 0 && drawn.length)
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

/* ---- as an element of a page */

/* Puts the prefix before each id and each place that means one. */
static char *with_prefix(const char *svg, const char *prefix)
{
	static const char *const marks[] = {" id='", " id=\"", "href='#", "href=\"#", "url(#"};
	char *text = 0;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	while (out && *svg) {
		size_t length = 0;
		for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
			if (strncmp(svg, marks[i], strlen(marks[i])) == 0)
				length = strlen(marks[i]);
		fwrite(svg, 1, length ? length : 1, out);
		if (length)
			fputs(prefix, out);
		svg += length ? length : 1;
	}
	return out && fclose(out) == 0 ? text : 0;
}

static bool has_no_gnuplot(Failure *failure)
{
	return fail(failure, "it needs gnuplot, which is not here (Debian's package gnuplot-nox)");
}

bool plot_can_draw(Failure *failure)
{
	FILE *script = open_script("");
	Drawn drawn = {.memory = stderr};
	const int status = script ? draw("", script, &drawn) : 126;
	if (script)
		fclose(script);
	return status != 127 || has_no_gnuplot(failure);
}

bool plot_inline(const Picture *picture, const char *prefix, char **svg, Failure *failure)
{
	char *text = 0;
	size_t size = 0;
	const int kind = kind_of("a.svg");
	FILE *script = open_script(script_of(picture, "picture"));
	Drawn drawn = {.memory = open_memstream(&text, &size)};
	const int status = script && drawn.memory ? draw(settings_of(picture, kind), script, &drawn) : 126;
	if (script)
		fclose(script);
	if (drawn.memory)
		fclose(drawn.memory);
	const char *start = status == 0 && text ? strstr(text, "<svg") : 0;
	if (status == 127) {
		free(text);
		return has_no_gnuplot(failure);
	}
	*svg = start ? with_prefix(start, prefix) : 0;
	free(text);
	return *svg || fail(failure, "gnuplot has failed, and may have said why");
}
