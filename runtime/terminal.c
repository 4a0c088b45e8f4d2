#include "terminal.h"
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static Colour chosen;

void terminal_choose_colour(Colour colour)
{
	chosen = colour;
}

bool terminal_obeys(int file)
{
	const char *name = getenv("TERM");
	return name && *name && strcmp(name, "dumb") != 0 && isatty(file);
}

static bool is_coloured(FILE *out)
{
	const char *unwanted = getenv("NO_COLOR");
	if (chosen != COLOUR_AUTO)
		return chosen == COLOUR_ALWAYS;
	return !(unwanted && *unwanted) && terminal_obeys(fileno(out));
}

const char *terminal_style(FILE *out, Style style)
{
	static const char *const sequences[] = {
		[STYLE_PLAIN] = "\033[0m", [STYLE_PLACE] = "\033[1m", [STYLE_ERROR] = "\033[1;31m",
			[STYLE_WARNING] = "\033[1;35m",
		[STYLE_NOTE] = "\033[1;36m", [STYLE_CARET] = "\033[1;32m",
	};
	return is_coloured(out) ? sequences[style] : "";
}

int terminal_columns(int file)
{
	enum { USUAL = 80 };
	struct winsize size;
	if (!isatty(file))
		return 0;
	return ioctl(file, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : USUAL;
}

int terminal_character(const char *text)
{
	const unsigned char *bytes = (const unsigned char *)text;
	if (bytes[0] < 0x80)
		return bytes[0] >= ' ' && bytes[0] != 127;
	int length = bytes[0] >= 0xf0 ? 4 : bytes[0] >= 0xe0 ? 3 : 2;
	bool control = bytes[0] == 0xc2 && bytes[1] < 0xa0;
	if (bytes[0] < 0xc2 || bytes[0] > 0xf4 || control)
		return 0;
	for (int i = 1; i < length; i++)
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
	return length;
}

void terminal_text(char *out, size_t size, const char *text)
{
	size_t used = 0;
	while (*text && used + 5 <= size) {
		const int length = terminal_character(text);
		memcpy(out + used, length ? text : "?", length ? (size_t)length : 1);
		used += length ? (size_t)length : 1;
		text += length ? length : 1;
	}
	out[used] = 0;
}
