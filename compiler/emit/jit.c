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

/* Functions that generated code calls. */
static void parallel(const Host *host, LoopBody *body, void *task, int panels)
{
	pool_run(host->pool, body, task, panels);
}

static void add_function(TCCState *tcc, const char *name, const void *function)
{
	void *address;
	memcpy(&address, function, sizeof address);
	if (address)    /* null: the kernel set does not have this variant */
		tcc_add_symbol(tcc, name, address);
}

static void add_host(TCCState *tcc)
{
	void (*share)(const Host *, LoopBody *, void *, int) = parallel;
	void (*time)(const Host *, int) = profile_mark;
	add_function(tcc, "parallel", &share);
	add_function(tcc, "mark", &time);
}

static void add_kernels(TCCState *tcc, const Module *m)
{
	for (int i = 0; i < m->kernels.count; i++)
		add_function(tcc, m->kernels.items[i].name, (const char *)m->options.target->table + m->kernels.items[i].entry);
}

/* Relocates the code into pages of our own, which are first writable and then executable, never both. */
static bool relocate(TCCState *tcc, Module *m)
{
	int size = tcc_relocate(tcc, 0);
	if (size <= 0)
		return false;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t bytes = ((size_t)size + page - 1) / page * page;
	void *code = mmap(0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (code == MAP_FAILED)
		return false;
	m->code = code;
	m->code_bytes = bytes;
	return tcc_relocate(tcc, code) == 0 && mprotect(code, bytes, PROT_READ | PROT_EXEC) == 0;
}

static bool find_symbol(TCCState *tcc, const char *name, void *function)
{
	void *address = tcc_get_symbol(tcc, name);
	memcpy(function, &address, sizeof address);
	return address != 0;
}

/* Saves the text for a report. */
static bool report(const Module *m, const Messages *messages, Failure *failure)
{
	char path[] = "bnc-internal-error-XXXXXX.c";
	int file = mkstemps(path, 2);
	size_t length = strlen(m->text);
	bool saved = file >= 0 && write(file, m->text, length) == (ssize_t)length;
	if (file >= 0)
		close(file);
	return fail(failure,
		"internal error: the C that bnc generated for %s does not compile (%s). This is a fault of bnc, not of the "
		"network; please report it%s%s", m->network->path, messages->text[0] ? messages->text : "no message",
		saved ? " with the generated text, which is in " : "", saved ? path : "");
}

bool jit(Module *m, Failure *failure)
{
	Messages messages = {{0}};
	TCCState *tcc = tcc_new();
	if (!tcc)
		return fail(failure, "internal error: libtcc has no memory");
	tcc_set_error_func(tcc, &messages, on_message);
	tcc_set_options(tcc, "-nostdlib -nostdinc");
	tcc_set_output_type(tcc, TCC_OUTPUT_MEMORY);
	bool ok = tcc_compile_string(tcc, m->text) == 0;
	if (ok) {
		add_kernels(tcc, m);
		add_host(tcc);
		ok = relocate(tcc, m) && find_symbol(tcc, "train", &m->program.train)
			&& find_symbol(tcc, "predict", &m->program.predict);
	}
	tcc_delete(tcc);
	if (ok && !messages.text[0])
		return true;
	jit_free(m);
	return report(m, &messages, failure);
}

void jit_free(Module *m)
{
	if (m->code)
		munmap(m->code, m->code_bytes);
	m->code = 0;
}
