# make            builds build/bnc
# make run        installs what is missing, builds, and trains the first examples
# make test       installs what is missing, builds with gcc, clang and sanitizers, and runs every test
# make soak       builds, and checks N=100 random networks of SEED=1 in every way that they can be compiled and run
# make mutations  makes one mistake after another in a copy of the sources, and tells which the tests do not notice;
#                 ONLY="NAME ..." takes some, and a name may have a * in it
# make article    repeats the article's experiment, then with many seeds, rates, batches, depths and initial weights:
#                 tables, and the pictures in docs/pictures, which make readme makes again, too
# make bench      installs what it compares with, builds, and measures; OPTIONS="--quick", --sweep, --only TEXT,
#                 --json FILE
# make bless      accepts what bnc prints now as the expected text of tests/golden and tests/errors, and in the docs
# make fuzz       installs AFL++, builds with it, and feeds it to every reader for SECONDS=600;
#                 HARNESS="npz command" names some
# make install    builds and installs program, models, documents, manual page and completions below PREFIX (/usr/local);
#                 DESTDIR goes before it. Installs no packages: make run does
# make uninstall  removes what make install made below PREFIX, and nothing else
# make clean      removes build/
# make help       prints this
#
# CC, CFLAGS and BUILD may be given: make CC=clang CFLAGS=-O1 BUILD=build/clang. V=1 shows the commands.

VERSION = 0.1.0
CC = gcc
CFLAGS = -O2 -g
BUILD = build
PREFIX = /usr/local
DESTDIR =
MACHINE := $(shell uname -m)
MAKEFLAGS += --no-builtin-rules

WARNINGS = -Wall -Wextra -Wno-missing-field-initializers -Wpedantic -Wshadow -Wconversion -Wundef -Wvla \
	-Wwrite-strings -Wstrict-prototypes -Wmissing-prototypes
own_flags = -std=c11 -D_DEFAULT_SOURCE -DBNC_VERSION='"$(VERSION)"' \
	-Icompiler -Iruntime -I$(BUILD)/gen $(WARNINGS) $(WERROR) -MMD -MP
# These come after CFLAGS: bnc promises bits, which CFLAGS=-ffast-math would change. A linker that sees such a flag adds
# code that takes the smallest numbers for 0.
exact_flags = -fno-fast-math -ffp-contract=off
link_flags = $(filter-out -Ofast -ffast-math -funsafe-math-optimizations -ffp-model=%,$(CFLAGS))
libraries = -ltcc -lcjson -lzip -lz -lzstd -lpng -ldl -lm

# The kernels are compiled once per instruction set and type of numbers, each with as many lanes as its vectors have of
# these. For double, SSE2 and NEON have two registers a vector, since there are no kernels for 2 lanes.
KERNEL_CC = $(CC)
KERNEL_CFLAGS = $(CFLAGS)
KERNEL_LEVEL = -O3
# Those that KERNEL_CFLAGS are not for.
PLAIN_KERNELS =
kernel_flags = $(KERNEL_LEVEL) -fno-fast-math -fno-math-errno -ffp-contract=fast
sets_x86_64 = avx512 avx2 sse2
sets_aarch64 = neon
sets = $(sets_$(MACHINE)) scalar
flags_scalar = -ffp-contract=off
flags_avx2 = -mavx2 -mfma
flags_avx512 = -mavx512f -mavx512dq -mavx512bw -mavx512vl -mfma -mprefer-vector-width=512
flags_f32 = -DREAL_BITS=32
flags_f64 = -DREAL_BITS=64 -Wno-psabi
lanes_scalar_f32 = 1
lanes_neon_f32 = 4
lanes_sse2_f32 = 4
lanes_avx2_f32 = 8
lanes_avx512_f32 = 16
lanes_scalar_f64 = 1
lanes_neon_f64 = 4
lanes_sse2_f64 = 4
lanes_avx2_f64 = 4
lanes_avx512_f64 = 8

sources = $(wildcard compiler/*.c compiler/*/*.c runtime/*.c runtime/data/*.c runtime/files/*.c)
# The kernels come first: each set takes longer than all that is left while the last of them is compiled.
kernels = $(foreach type,f32 f64,$(patsubst %,$(BUILD)/kernels_%_$(type).o,$(sets)))
objects = $(kernels) $(sources:%.c=$(BUILD)/%.o) $(BUILD)/gen/lex.o $(BUILD)/gen/parse.o \
	$(BUILD)/gen/kernel_files.o $(BUILD)/gen/taken.o
benches = $(patsubst %.c,$(BUILD)/%.o,$(wildcard bench/*.c))
tests = $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/*_test.c))
soakers = $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/soak/*.c))
harnesses = $(patsubst %.c,$(BUILD)/%.o,$(filter-out %_main.c,$(wildcard tests/fuzz/*.c)))

bnc: $(BUILD)/bnc
unit: $(BUILD)/tests/unit
replay: $(BUILD)/tests/fuzz/replay
soaker: $(BUILD)/tests/soak/soak
bencher: $(BUILD)/bench/bench

$(BUILD)/bnc: $(objects)
	@echo $@
	$(CC) $(link_flags) -Wl,--wrap=mprotect -o $@ $^ $(libraries)

$(BUILD)/tests/unit: $(filter-out %/main.o,$(objects)) $(tests)
	@echo $@
	$(CC) $(link_flags) -o $@ $^ -lcriterion $(libraries)

$(BUILD)/tests/fuzz/replay $(BUILD)/tests/fuzz/afl: %: $(filter-out %/main.o,$(objects)) $(harnesses) %_main.o
	@echo $@
	$(CC) $(link_flags) -o $@ $^ $(libraries)

$(BUILD)/tests/soak/soak: $(filter-out %/tool/main.o,$(objects)) $(soakers)
	@echo $@
	$(CC) $(link_flags) -o $@ $^ $(libraries)

$(BUILD)/bench/bench: $(filter-out %/main.o,$(objects)) $(benches)
	@echo $@
	$(CC) $(link_flags) -o $@ $^ $(libraries)

$(benches): own_flags += -DBENCH_CC='"$(CC)"' -DBENCH_COMPILER='"$(shell $(CC) --version | head -n 1)"' \
	-DBENCH_FLAGS='"$(CFLAGS) $(kernel_flags)"'

$(tests): own_flags += $(if $(PLAIN_KERNELS),-DPLAIN_KERNELS='"$(PLAIN_KERNELS)"')

$(BUILD)/%.o: %.c Makefile
	@echo $@; mkdir -p $(@D)
	$(CC) $(own_flags) $(CFLAGS) $(exact_flags) -c -o $@ $<

$(kernels): $(BUILD)/kernels_%.o: runtime/kernels/all.c Makefile
	@echo $@; mkdir -p $(@D)
	$(KERNEL_CC) $(own_flags) $(if $(filter $*,$(PLAIN_KERNELS)),,$(KERNEL_CFLAGS)) $(kernel_flags) \
		-DLANES=$(lanes_$*) -DISA=$(word 1,$(subst _, ,$*)) -DTYPE=$(word 2,$(subst _, ,$*)) \
		$(foreach part,$(subst _, ,$*),$(flags_$(part))) -c -o $@ $<

$(BUILD)/gen/%.o: $(BUILD)/gen/%.c
	@echo $@
	$(CC) $(own_flags) $(CFLAGS) $(exact_flags) -c -o $@ $<

$(BUILD)/gen/lex.o $(filter $(BUILD)/compiler/%,$(objects)): | $(BUILD)/gen/parse.h

$(BUILD)/gen/lex.c: compiler/source/lex.re Makefile
	@echo $@; mkdir -p $(@D)
	re2c -W --no-generation-date -o $@ $<

$(BUILD)/gen/parse.c $(BUILD)/gen/parse.h &: compiler/source/parse.y Makefile
	@echo $@; mkdir -p $(@D)
	lemon -q -d$(BUILD)/gen $<

# The kernels' source as strings: --emit prints from it.
kernel_files = $(wildcard runtime/kernels/*.[ch])
$(BUILD)/gen/kernel_files.c: $(kernel_files) Makefile
	@echo $@; mkdir -p $(@D)
	{ echo '#include "emit/kernel_text.h"'; echo 'const KernelFile kernel_files[] = {'; \
	for file in $(notdir $(kernel_files)); do \
		echo "{\"$$file\","; sed 's/[\\"]/\\&/g; s/.*/"&\\n"/' runtime/kernels/$$file; echo '},'; done; \
	echo '{0, 0}};'; } >$@

# The names that emitted C cannot have, each between two spaces.
$(BUILD)/gen/taken.c: compiler/standalone/taken_names.txt compiler/standalone/taken_headers.txt Makefile
	@echo $@; mkdir -p $(@D)
	{ echo '#include "standalone/standalone.h"'; for list in taken_names taken_headers; do \
		echo "const char $$list[] = \" \""; sed 's/.*/"& "/' compiler/standalone/$$list.txt; echo ';'; done; } >$@

# What these tools write is C of another taste than ours.
$(BUILD)/gen/%.o $(BUILD)/tests/fuzz/afl_main.o: WARNINGS = -Wall

-include $(objects:.o=.d) $(tests:.o=.d) $(soakers:.o=.d) $(benches:.o=.d) $(harnesses:.o=.d)

# ---- packages of Debian and its relatives

build_packages = gcc libc6-dev re2c lemon libtcc-dev libcjson-dev libzip-dev zlib1g-dev libzstd-dev libpng-dev
test_packages = $(build_packages) clang g++ tcc cmake libcriterion-dev mandoc gnuplot-nox $(target_packages)
target_packages = gcc-avr avr-libc simavr gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm qemu-user \
	nodejs lld libc6-dev-arm64-cross libc6-dev-armhf-cross libc6-dev-i386-cross libc6-dev-powerpc-cross
fuzz_packages = $(build_packages) clang libclang-rt-dev afl++
article_packages = $(build_packages) gnuplot-nox
bench_packages = libfann2 libopenblas0-pthread libdnnl2 python3-venv python3-dev g++

install-build-packages:
	@sh tools/install-packages $(build_packages)

install-packages:
	@echo "looking for the packages that the tests need"
	@sh tools/install-packages $(test_packages)

# ---- install

install: bnc
	@DESTDIR="$(DESTDIR)" sh tools/install-files install $(BUILD)/bnc "$(PREFIX)"

uninstall:
	@DESTDIR="$(DESTDIR)" sh tools/install-files uninstall "$(PREFIX)"

# ---- run and test

parallel = $(MAKE) --no-print-directory $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc))

run: install-build-packages
	@$(parallel) bnc
	@echo $(BUILD)/bnc models/moons.net --train moons
	$(BUILD)/bnc models/moons.net --train moons
	@echo "And what BatchNorm changes, in an experiment whose small learning rate moves neither network far" \
		"(docs/batchnorm.md):"
	@echo $(BUILD)/bnc models/mlp.net models/mlp_bn.net --train moons
	$(BUILD)/bnc models/mlp.net models/mlp_bn.net --train moons

article readme:
	@sh tools/install-packages $(article_packages)
	@$(parallel) bnc
	@sh tools/article $(BUILD)/bnc docs/pictures

strict = WERROR=-Werror

# Only a debugger reads what -g adds. It changes no instruction, and takes a third of the time to compile.
optimised = CFLAGS=-O2

sanitizers = -g1 -fsanitize=address,undefined -fno-sanitize-recover=all
sanitized = CFLAGS="-O1 $(sanitizers)"

# Optimised as for speed and with every check, the kernels take ten minutes to compile, and one to start a hundred
# programs. AddressSanitizer looks at each access, so that nothing need look at the pointer before.
sanitized_kernels = KERNEL_LEVEL=-O0 \
	KERNEL_CFLAGS="$(sanitizers) -fno-sanitize=null,object-size,pointer-overflow" \
	PLAIN_KERNELS="$(plain_kernels)"

# With sanitizers a set takes five times as long to compile. Those of SSE2 go without: for double they are AVX2's text
# with as many lanes, and for float only how many rows a tile has is their own. What four lanes of float read and write
# tests/emit_compile.sh checks in every network. So do those of AVX-512 where the processor cannot run them.
plain_kernels = sse2_f32 sse2_f64 $(if $(shell grep -sw -m 1 avx512f /proc/cpuinfo),,avx512_f32 avx512_f64)

# One make builds all, so that no processor waits while a build links.
test: install-packages
	@echo "building build/gcc, build/sanitized and build/clang"
	@$(parallel) build-sanitized build-gcc build-clang
	@sh tests/run.sh build/gcc build/sanitized build/clang

build-gcc:
	@$(MAKE) $(strict) $(optimised) BUILD=build/gcc bnc unit replay soaker bencher

build-sanitized:
	@$(MAKE) $(strict) BUILD=build/sanitized $(sanitized) $(sanitized_kernels) bnc unit replay soaker

build-clang:
	@$(MAKE) $(strict) $(optimised) BUILD=build/clang CC=clang bnc unit replay

# The kernels read no input, and with AFL++'s compiler they take a quarter of an hour.
SECONDS = 600
HARNESS = $(patsubst tests/fuzz/%.dict,%,$(wildcard tests/fuzz/*.dict))
fuzz:
	@sh tools/install-packages $(fuzz_packages)
	@$(parallel) BUILD=build/fuzz CC=afl-clang-fast KERNEL_CC=clang KERNEL_CFLAGS=-O1 $(sanitized) \
		build/fuzz/tests/fuzz/afl build/fuzz/tests/fuzz/replay
	@sh tests/fuzz/fuzz.sh build/fuzz $(SECONDS) $(HARNESS)

N = 100
SEED = 1
soak: install-build-packages
	@$(parallel) $(strict) BUILD=build/gcc soaker
	@build/gcc/tests/soak/soak $(N) $(SEED)

ONLY =
mutations: install-packages
	@nice sh tests/mutations/mutations.sh $(BUILD) $(ONLY)

# What others are measured by may be missing: then its rows say so.
bench: install-build-packages
	@sh tools/install-packages $(bench_packages) || echo "Without some of: $(bench_packages)"
	@$(parallel) bnc $(BUILD)/bench/bench
	@python=$$(sh bench/find-torch.sh $(BUILD)/torch); \
	libtorch=$${python:+$$(sh bench/build-libtorch.sh "$$python" $(BUILD)/bench/torch_peer)}; \
	$(BUILD)/bench/bench --bnc $(BUILD)/bnc $${python:+--python "$$python"} $${libtorch:+--libtorch "$$libtorch"} \
		$(OPTIONS)

bless: bnc
	@sh tests/golden.sh --bless $(BUILD)/bnc
	@sh tests/errors.sh --bless $(BUILD)/bnc
	@sh tests/docs.sh --bless $(BUILD)/bnc

clean:
	rm -rf $(BUILD)

# The comment at the top.
help:
	@sed '/^#/!q; s/^# \{0,1\}//' Makefile

ifndef V
.SILENT:
endif
.PHONY: bnc unit replay soaker bencher soak mutations fuzz install-build-packages install-packages install uninstall \
	run test article readme build-gcc build-sanitized build-clang bench bless clean help
.DELETE_ON_ERROR:
