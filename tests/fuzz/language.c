/* The text of a network, through every pass to the C that libtcc would be given. libtcc itself is not bnc's. */
#include "../../compiler/bnc.h"
#include "fuzz.h"

/* So many layers take every path, and more take time. */
enum { MOST_NODES = 60 };

/* What decides which way the passes go, besides the text. */
static const KernelSet wide = {.name = "wide", .lanes = 16, .number_bytes = sizeof(float)},
	narrow = {.name = "narrow", .lanes = 4, .number_bytes = sizeof(float)},
	scalar = {.name = "scalar", .lanes = 1, .number_bytes = sizeof(float)};
static const Options ways[] = {
	{.target = &wide, .fuse = true, .pairs = true, .threads = 2},
	{.target = &narrow, .fuse = true, .recompute = true, .profile = true},
	{.target = &scalar, .fuse = false},
};

static bool compile_to(Compilation *c, Stage last, const char *text, size_t size)
{
	static const Overrides none = {.batch = -1, .epochs = -1, .lr = -1};
	Failure failure = {.text = ""};
	c->arena = arena_open();
	c->source = (Source){"fuzz.net", arena_copy(c->arena, text, size), size};
	bool done = compile(c, last, &none, &failure);
	diagnostics_print(c->diagnostics, nowhere());
	PROMISE(done == (error_count(c->diagnostics) == 0));
	PROMISE(!failure.text[0]);
	return done;
}

static void print(const Compilation *c)
{
	for (Stage stage = STAGE_NETWORK; stage <= STAGE_C; stage++)
		if (stage != STAGE_STEPS)       /* their order is a later one by now */
			dump(c, stage, nowhere());
	print_summary(c->module, nowhere());
	explain(c->module, nowhere());
}

static void run(const char *text, size_t size)
{
	Compilation c = {.options = {.target = &wide}};
	bool right = compile_to(&c, STAGE_NETWORK, text, size) && c.network->nodes.count <= MOST_NODES;
	dump(&c, STAGE_TOKENS, nowhere());
	dump(&c, STAGE_TREE, nowhere());
	compilation_close(&c);
	for (size_t i = 0; right && i < sizeof ways / sizeof *ways; i++) {
		c = (Compilation){.options = ways[i]};
		PROMISE(compile_to(&c, STAGE_C, text, size));
		print(&c);
		compilation_close(&c);
	}
}

const Harness language_harness = {"language", 2000, run};
