/* C -> machine code with libtcc. For safety, the program can use only the kernels that it calls, and no page is
 * writable and executable at once. */
#include "bnc.h"
#include "pool.h"
#include "profile.h"
#include <libtcc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef struct Messages { char text[600]; } Messages;

/* libtcc reports warnings here too; any message means a fault of bnc. */
static void on_message(void *opaque, const char *message)
{
	Messages *messages = opaque;
	if (!messages->text[0])
		snprintf(messages->text, sizeof messages->text, "%s", message);
}

/* ---- any C */

/* An address of a function as one of data, without a cast between the two. */
static void *address_of(const void *function)
{
	void *address;
	memcpy(&address, function, sizeof address);
	return address;
}

/* Relocates the code into pages of our own, which are first writable and then executable, never both. */
static bool relocate(TCCState *tcc, MachineCode *code)
{
	int size = tcc_relocate(tcc, 0);
	if (size <= 0)
		return false;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	code->bytes = ((size_t)size + page - 1) / page * page;
	code->pages = mmap(0, code->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (code->pages == MAP_FAILED) {
		code->pages = 0;
		return false;
	}
	return tcc_relocate(tcc, code->pages) == 0 && mprotect(code->pages, code->bytes, PROT_READ | PROT_EXEC) == 0;
}

static bool find_symbols(TCCState *tcc, Symbol *wanted, int count)
{
	bool ok = true;
	for (int i = 0; i < count; i++) {
		wanted[i].address = tcc_get_symbol(tcc, wanted[i].name);
		ok = ok && wanted[i].address;
	}
	return ok;
}

bool load_code(const char *text, const Symbols *given, Symbol *wanted, int wanted_count, MachineCode *code,
	Failure *failure)
{
	Messages messages = {{0}};
	TCCState *tcc = tcc_new();
	*code = (MachineCode){0};
	if (!tcc)
		return fail(failure, "libtcc has no memory");
	tcc_set_error_func(tcc, &messages, on_message);
	tcc_set_options(tcc, "-nostdlib -nostdinc");
	tcc_set_output_type(tcc, TCC_OUTPUT_MEMORY);
	bool ok = tcc_compile_string(tcc, text) == 0;
	for (int i = 0; ok && i < given->count; i++)
		if (given->items[i].address)
			tcc_add_symbol(tcc, given->items[i].name, given->items[i].address);
	ok = ok && relocate(tcc, code) && find_symbols(tcc, wanted, wanted_count);
	tcc_delete(tcc);
	if (ok && !messages.text[0])
		return true;
	unload_code(code);
	return fail(failure, "%s", messages.text[0] ? messages.text : "no message");
}

void unload_code(MachineCode *code)
{
	if (code->pages)
		munmap(code->pages, code->bytes);
	code->pages = 0;
}

void add_symbol(Arena *arena, Symbols *symbols, const char *name, const void *function)
{
	APPEND(arena, symbols, ((Symbol){name, address_of(function)}));
}

/* ---- the program */

/* Functions that generated code calls. */
static void parallel(const Host *host, LoopBody *body, void *task, int panels)
{
	pool_run(host->pool, body, task, panels);
}

static Symbols program_symbols(const Module *m)
{
	void (*share)(const Host *, LoopBody *, void *, int) = parallel;
	void (*time)(const Host *, int) = profile_mark;
	Symbols symbols = {0};
	add_symbol(m->arena, &symbols, "parallel", &share);
	add_symbol(m->arena, &symbols, "mark", &time);
	for (int i = 0; i < m->kernels.count; i++)      /* null: the kernel set does not have this variant */
		add_symbol(m->arena, &symbols, m->kernels.items[i].name,
			(const char *)m->options.target->table + m->kernels.items[i].entry);
	return symbols;
}

/* Saves the text for a report. */
static bool report(const Module *m, const Failure *message, Failure *failure)
{
	char path[] = "bnc-internal-error-XXXXXX.c";
	int file = mkstemps(path, 2);
	size_t length = strlen(m->text);
	bool saved = file >= 0 && write(file, m->text, length) == (ssize_t)length;
	if (file >= 0)
		close(file);
	return fail(failure,
		"internal error: the C that bnc generated for %s does not compile (%s). This is a fault of bnc, not of the "
		"network; please report it%s%s", m->network->path, message->text,
		saved ? " with the generated text, which is in " : "", saved ? path : "");
}

bool jit(Module *m, Failure *failure)
{
	Failure message;
	const Symbols symbols = program_symbols(m);
	Symbol wanted[] = {{"train"}, {"predict"}, {"update"}};
	if (!load_code(m->text, &symbols, wanted, m->batches ? 3 : 2, &m->code, &message))
		return report(m, &message, failure);
	memcpy(&m->program.train, &wanted[0].address, sizeof m->program.train);
	memcpy(&m->program.predict, &wanted[1].address, sizeof m->program.predict);
	if (m->batches)
		memcpy(&m->program.update, &wanted[2].address, sizeof m->program.update);
	return true;
}

void jit_free(Module *m)
{
	unload_code(&m->code);
}
