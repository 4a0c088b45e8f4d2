/* output.c: what becomes of standard output. */
#include "run.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

int settle_output(CommandLine *options, Failure *failure)
{
	const char *const alone[] = {"save", "log", "predict", "json"}, *first = 0;
	const char *json = options->json ? "-" : 0;
	const char **const paths[] = {&options->save, &options->log, &options->predictions, &json};
	if (options->predict && !options->predictions)
		options->predictions = "-";
	for (int i = 0; i < 4; i++) {
		if (!*paths[i] || !output_is_named(*paths[i]))
			continue;
		if (first) {
			fail(failure, "--%s and --%s would both write to standard output: give one of them a file", first,
				alone[i]);
			return report_failure(EXIT_COMMAND, failure);
		}
		first = alone[i];
	}
	if (!first || first == alone[1])
		return 0;
	if (first == alone[0] && isatty(STDOUT_FILENO)) {
		fail(failure, "--save would write binary to the terminal: send standard output to a file or a program");
		return report_failure(EXIT_COMMAND, failure);
	}
	*(first == alone[0] ? &options->save : first == alone[2] ? &options->predictions : &json) = "-";
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
