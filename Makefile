# Yesterfs. GNU make; everything that is built goes to $(BUILD).
#
#   make                both programs              make check              lint, unit, contract, golden, fuzz corpus
#   make demo           see it work                make check-integration  against real mongods
#   make test           all of the above tests     make bench              ours and the peers, ratios
#   make install        DESTDIR= PREFIX=           make uninstall          with the same variables
#   make dist           a tarball                  make deb                a Debian package
#   DEVELOPER=1 -Werror        SANITIZE=address,undefined        V=1 shows the commands

.DELETE_ON_ERROR:
.DEFAULT_GOAL := all
MAKEFLAGS += --no-builtin-rules

# The one statement of the order: a layer may call the layers left of it only.
LAYERS := base index store oplog query fs wire tools

PREFIX ?= /usr/local
bindir ?= $(PREFIX)/bin
mandir ?= $(PREFIX)/share/man
sbindir ?= /sbin
CC ?= cc
AR ?= ar
CFLAGS ?= -O2 -g
PKG_CONFIG ?= pkg-config
BUILD ?= build
PYTHON ?= python3

STD := -std=gnu17 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -pthread
WARN := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
	-Wold-style-definition -Wwrite-strings -Wpointer-arith -Wvla -Wformat=2 -Wundef -fno-common \
	-Werror=incompatible-pointer-types -Werror=int-conversion -Werror=implicit-function-declaration
HARDEN := -fstack-protector-strong
ifdef DEVELOPER
WARN += -Werror
endif
ifdef SANITIZE
# Also when CFLAGS was given on the command line, as asan and tsan below do.
override CFLAGS += -fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=undefined
override LDFLAGS += -fsanitize=$(SANITIZE)
else
HARDEN += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
endif

PKGS_base := libcrypto libbson-1.0 icu-i18n icu-uc
PKGS_index := lmdb
PKGS_store := libzstd
PKGS_query := libpcre2-8
PKGS_fs := fuse3
PKGS_wire := libssl zlib
PKGS_tools := zlib libmongoc-1.0
PKGS := $(foreach l,$(LAYERS),$(PKGS_$(l)))

# `make deps` installs what is missing; these goals work before it.
ifeq ($(filter deps clean,$(MAKECMDGOALS)),)
ifneq ($(shell $(PKG_CONFIG) --exists $(PKGS) 2>/dev/null && echo ok),ok)
NEED_DEPS := yes
else
PKG_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(PKGS) | sed 's/-I/-isystem /g')
# As needed: only what speaks with servers loads the driver.
PKG_LIBS := -Wl,--as-needed $(shell $(PKG_CONFIG) --libs $(PKGS)) -lm
endif
endif

ALL_CFLAGS = $(STD) $(WARN) $(HARDEN) -I. $(PKG_CFLAGS) $(CPPFLAGS) $(CFLAGS)
VERSION := 0.1.0
RELEASED := 2026-11-21
ALL_CFLAGS += -DYESTER_VERSION='"$(VERSION)"' -DYESTER_RELEASED='"$(RELEASED)"'

ifneq ($(words $(BUILD)),1)
$(error BUILD has to be one word: make knows no names with spaces. The folder of the sources may have them)
endif

# Objects are made anew when the compiler or flags are asked for that they were not made with; warnings do not count. Who asks for
# none goes on with what is there: `make install` and the drivers that tests build do not make another tree of it.
FLAGS := $(BUILD)/flags
FLAGS_NOW := $(strip $(CC) $(STD) $(HARDEN) $(PKG_CFLAGS) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) $(VERSION) $(RELEASED))
FLAGS_THEN := $(strip $(file <$(FLAGS)))
ifneq ($(FLAGS_NOW),$(FLAGS_THEN))
ifneq ($(filter-out file default undefined,$(foreach v,CC CPPFLAGS CFLAGS LDFLAGS SANITIZE,$(origin $(v)))),)
.PHONY: other-flags
$(FLAGS): other-flags
endif
endif
$(FLAGS): export FLAGS_NOW := $(FLAGS_NOW)
$(FLAGS):
	@mkdir -p $(@D)
	@# A new one is old: objects that are there count as made with these.
	@test -e $@ || as_of='-d @1'; printf '%s\n' "$$FLAGS_NOW" >$@ && touch $$as_of $@

ifeq ($(V),1)
Q :=
else
Q := @
say = @echo "  $(1)	$(2)";
endif

# Sources of a layer: its folder and those below it. The mains of the two programs and of
# the fuzz drivers are kept out of the archives.
MAINS := tools/main.c fs/main.c
src_of = $(filter-out $(MAINS),$(sort $(wildcard $(1)/*.c $(1)/*/*.c)))
obj_of = $(patsubst %.c,$(BUILD)/%.o,$(call src_of,$(1)))
archive = $(BUILD)/lib$(1).a
# Archives from the highest to the lowest layer, which is the linker's order.
reverse = $(if $(1),$(call reverse,$(wordlist 2,$(words $(1)),$(1))) $(firstword $(1)))
below = $(if $(filter $(firstword $(2)),$(1)),$(1),$(firstword $(2)) $(call below,$(1),$(wordlist 2,$(words $(2)),$(2))))
archives_upto = $(foreach l,$(call reverse,$(call below,$(1),$(LAYERS))),$(call archive,$(l)))

PROGRAMS := $(BUILD)/yester $(BUILD)/yesterfs

.PHONY: all
all: $(PROGRAMS)

ifdef NEED_DEPS
$(PROGRAMS): | need-deps
.PHONY: need-deps
need-deps:
	@echo "make: some of these development packages are missing: $(PKGS)"; \
	echo "      'make deps' installs them (Debian 12, Ubuntu 24.04; needs root or sudo)"; exit 1
endif

$(BUILD)/%.o: %.c $(FLAGS)
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# Intel's decimal library goes into this object, its names hidden: libgcc has functions of the same names that are called otherwise.
$(BUILD)/query/decimal_math.o: query/decimal_math.c $(FLAGS)
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -MT $@ -MF $(@:.o=.d) -c -o $(@:.o=.alone.o) $<
	$(Q)$(CC) -r -nostdlib -o $@ $(@:.o=.alone.o) $(shell $(CC) -print-file-name=libbidgcc000.a)
	$(Q)objcopy --wildcard --keep-global-symbol='decimal_math_*' $@

define LAYER_RULE
$(call archive,$(1)): $(call obj_of,$(1))
	@mkdir -p $$(@D)
	$$(call say,AR,$$@)
	$$(Q)rm -f $$@ && $$(AR) rcs $$@ $$^
endef
$(foreach l,$(LAYERS),$(eval $(call LAYER_RULE,$(l))))

$(BUILD)/yester: $(BUILD)/tools/main.o $(foreach l,tools wire query oplog store index base,$(call archive,$(l)))
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS) $(PKG_LIBS)

$(BUILD)/yesterfs: $(BUILD)/fs/main.o $(foreach l,fs query oplog store index base,$(call archive,$(l)))
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS) $(PKG_LIBS)

# Unit tests: tests/unit/<layer>/test_<file>.c links its own layer and those below, nothing
# above: a call upward does not link.
UNIT_SRC := $(sort $(wildcard tests/unit/*/test_*.c))
UNIT_BIN := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(UNIT_SRC))
unit_layer = $(word 1,$(subst /, ,$(1)))

# Helpers beside the tests of a layer: every .c there that is no test.
UNIT_SHARED = $(patsubst %.c,$(BUILD)/%.o,$(filter-out tests/unit/$(1)/test_%.c,$(wildcard tests/unit/$(1)/*.c)))

define UNIT_RULE
$(BUILD)/unit/$(1): $(BUILD)/tests/unit/$(1).o $(BUILD)/tests/harness/harness.o $(call UNIT_SHARED,$(call unit_layer,$(1))) $(call archives_upto,$(call unit_layer,$(1)))
	@mkdir -p $$(@D)
	$$(call say,LD,$$@)
	$$(Q)$$(CC) $$(ALL_CFLAGS) $$(LDFLAGS) -o $$@ $$^ $$(LDLIBS) $$(PKG_LIBS) -lcmocka
endef
$(foreach t,$(patsubst tests/unit/%.c,%,$(UNIT_SRC)),$(eval $(call UNIT_RULE,$(t))))

# What also runs over encrypted stores: all that reads and writes what is sealed.
ENCRYPTED := $(patsubst %,$(BUILD)/unit/%,store/test_store_read store/test_store_refresh store/test_store_stream \
	store/test_store_writer store/test_prune store/test_commit store/test_closure store/test_snapshots \
	store/test_facts_keeper store/test_writer_encode store/test_tree_cursor store/test_tree_edit store/test_tree_hint \
	store/test_tree_read store/test_repair store/test_failing_calls oplog/test_journal oplog/test_stream oplog/test_stream_file oplog/test_stream_note oplog/test_stream_add oplog/test_stream_check oplog/test_stream_tail \
	oplog/test_timeline oplog/test_timeline_cache oplog/test_replay oplog/test_moment fs/test_fs_tree \
	tools/test_restore_state tools/test_status)

.PHONY: check-unit
check-unit: $(UNIT_BIN)
	@tests/run_unit.sh $(UNIT_BIN) $(ENCRYPTED:%=encrypted:%)

.PHONY: lint
lint:
	$(Q)$(PYTHON) tests/lint/lint.py

.PHONY: check
check: all lint check-unit check-fuzz

-include tests/fuzz/fuzz.mk
-include tests/integration/integration.mk
-include tests/bench/bench.mk
-include tests/crash/crash.mk
-include tests/oplog_update/oplog_update.mk
-include tests/differential/differential.mk
-include tests/query/query.mk
include packaging/packaging.mk
-include tests/coverage/coverage.mk

.PHONY: deps
deps:
	@tests/setup/deps.sh

.PHONY: demo
demo:
	@tests/setup/deps.sh --build-only
	@$(MAKE) --no-print-directory -j$$(nproc) all
	@BUILD=$(BUILD) tests/demo/demo.sh

.PHONY: test
test:
	@tests/setup/deps.sh
	@$(MAKE) --no-print-directory -j$$(nproc) all $(BUILD)/query_driver $(BUILD)/expr_driver
	@$(MAKE) --no-print-directory lint check-fuzz
	@BUILD=$(BUILD) tests/run_all.sh

.PHONY: asan
asan:
	$(MAKE) BUILD=$(BUILD)-asan SANITIZE=address,undefined CFLAGS='-O1 -g' all check-unit

.PHONY: tsan
tsan:
	$(MAKE) BUILD=$(BUILD)-tsan SANITIZE=thread CFLAGS='-O1 -g' all check-unit

CLANG_FORMAT ?= clang-format-14
FORMATTED = $(foreach l,$(LAYERS),$(wildcard $(l)/*.[ch] $(l)/*/*.[ch])) $(wildcard tests/*/*.[ch] tests/unit/*/*.[ch])
.PHONY: format
format:
	$(Q)$(CLANG_FORMAT) -i $(FORMATTED)

.PHONY: clean
clean:
	rm -rf $(BUILD) $(BUILD)-asan $(BUILD)-tsan $(BUILD)-coverage $(BUILD)-address,undefined $(BUILD)-thread $(BUILD)-guided

DEPS := $(shell test -d $(BUILD) && find $(BUILD) -name '*.d')
-include $(DEPS)
