/* plot.c: --plot: where a picture goes. */
#include "run.h"
#include "terminal.h"
#include <unistd.h>

bool plot_show(const CommandLine *options, const Picture *picture, Failure *note, Failure *failure)
{
	const char *script;
	note->text[0] = 0;
	if (!picture_has_points(picture)) {
		fail(note, "note: there is nothing to plot");
		return true;
	}
	if (!options->plot_path) {
		plot_print(picture, terminal_columns(STDOUT_FILENO), stdout);
		return true;
	}
	if (!plot_write(picture, options->plot_path, &script, failure))
		return false;
	if (script)
		fail(note, "note: %s needs gnuplot, which is not here (Debian's package gnuplot-nox); what it would draw is in "
			"%s", options->plot_path, script);
	return true;
}
