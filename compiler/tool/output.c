/* output.c: what becomes of standard output. */
#include "run.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

int settle_output(CommandLine *options, Failure *failure)
{
	if (!options->save || !output_is_named(options->save))
		return 0;
	if (options->log && output_is_named(options->log)) {
		fail(failure, "--save and --log would both write to standard output: give one of them a file");
		return report_failure(EXIT_COMMAND, failure);
	}
	if (isatty(STDOUT_FILENO)) {
		fail(failure, "--save would write binary to the terminal: send standard output to a file or a program");
		return report_failure(EXIT_COMMAND, failure);
	}
	options->save = "-";
	return output_claim(failure) ? 0 : report_failure(EXIT_DATA, failure);
}

int finish_output(const Session *s, int status)
{
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	int error = s->output_error ? s->output_error : errno;
	fprintf(stderr, "bnc: cannot write the output%s%s\n", error ? ": " : "", error ? strerror(error) : "");
	return status ? status : EXIT_DATA;
}
