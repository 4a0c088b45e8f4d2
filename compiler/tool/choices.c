/* choices.c: the words that an option takes, in messages. */
#include "options_table.h"

void join_choices(char *out, size_t size, const char *const *names, int count)
{
	size_t used = 0;
	out[0] = 0;
	for (int i = 0; i < count && used < size; i++)
		used += (size_t)snprintf(out + used, size - used, "%s%s", !i ? "" : i + 1 < count ? ", " : " or ", names[i]);
}
