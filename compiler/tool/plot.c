/* plot.c: where a picture goes. */
#include "run.h"
#include "terminal.h"
#include <unistd.h>

bool plot_show(const PlotOption *plot, const Picture *picture, Failure *failure)
{
	const char *script;
	if (!picture_has_points(picture)) {
		say("note: there is nothing to plot");
		return true;
	}
	if (!plot->path) {
		plot_print(picture, terminal_columns(STDOUT_FILENO), stdout);
		return true;
	}
	if (!plot_write(picture, plot->path, &script, failure))
		return false;
	if (script)
		say("note: %s needs gnuplot, which is not here (Debian's package gnuplot-nox); what it would draw is in "
			"%s", plot->path, script);
	return true;
}
