# What is installed, and packages of it.
#
#   make install DESTDIR= PREFIX=     programs, manual pages, completion, systemd units, examples
#   make uninstall DESTDIR= PREFIX=   takes away what the install with the same variables put there
#   make dist                         $(BUILD)/yesterfs-VERSION.tar.gz: builds and passes `make check` where it is unpacked
#   make deb                          $(BUILD)/yesterfs_VERSION_ARCH.deb

datadir ?= $(PREFIX)/share
docdir ?= $(datadir)/doc/yesterfs
bashcompletiondir ?= $(datadir)/bash-completion/completions
zshcompletiondir ?= $(datadir)/zsh/site-functions
unitdir ?= $(PREFIX)/lib/systemd/system
sysusersdir ?= $(PREFIX)/lib/sysusers.d
# The program that writes its own documents; when cross-building, one that runs here.
YESTER_HERE ?= $(BUILD)/yester

MADE := $(BUILD)/made

# A manual page for each verb, and completion, from the tables of verbs and options.
$(MADE)/done: $(BUILD)/yester packaging/packaging.mk docs/man/yester.1 docs/man/yesterfs.1
	$(call say,DOC,$(MADE))
	$(Q)rm -rf $(MADE) && mkdir -p $(MADE)/man
	$(Q)for page in yester yesterfs; do \
		sed 's/@VERSION@/$(VERSION)/; s/@RELEASED@/$(RELEASED)/' docs/man/$$page.1 >$(MADE)/man/$$page.1 || exit 1; done
	$(Q)for verb in $$($(YESTER_HERE) help --as names); do \
		$(YESTER_HERE) help $$verb --as man >$(MADE)/man/yester-$$verb.1 || exit 1; done
	$(Q)$(YESTER_HERE) help --as bash >$(MADE)/yester.bash
	$(Q)$(YESTER_HERE) help --as zsh >$(MADE)/_yester
	$(Q)touch $@

.PHONY: install
install: all $(MADE)/done
	install -d "$(DESTDIR)$(bindir)" "$(DESTDIR)$(mandir)/man1" "$(DESTDIR)$(bashcompletiondir)" \
		"$(DESTDIR)$(zshcompletiondir)" "$(DESTDIR)$(unitdir)" "$(DESTDIR)$(sysusersdir)" "$(DESTDIR)$(docdir)/examples"
	install -m 755 $(BUILD)/yester $(BUILD)/yesterfs "$(DESTDIR)$(bindir)/"
	@# mount(8) looks in /sbin only; who may not write there can still use `yester mount`.
	install -d "$(DESTDIR)$(sbindir)" && ln -sf $(bindir)/yesterfs "$(DESTDIR)$(sbindir)/mount.fuse.yesterfs" || \
		echo "no $(sbindir)/mount.fuse.yesterfs: /etc/fstab will not know the type fuse.yesterfs"
	install -m 644 $(MADE)/man/*.1 "$(DESTDIR)$(mandir)/man1/"
	install -d "$(DESTDIR)$(mandir)/man8" && ln -sf ../man1/yesterfs.1 "$(DESTDIR)$(mandir)/man8/mount.fuse.yesterfs.8"
	install -m 644 $(MADE)/yester.bash "$(DESTDIR)$(bashcompletiondir)/yester"
	ln -sf yester "$(DESTDIR)$(bashcompletiondir)/yesterfs"
	install -m 644 $(MADE)/_yester "$(DESTDIR)$(zshcompletiondir)/"
	for unit in packaging/systemd/*; do \
		sed 's|/usr/local/bin/|$(bindir)/|' $$unit >"$(DESTDIR)$(unitdir)/$${unit##*/}" && \
		chmod 644 "$(DESTDIR)$(unitdir)/$${unit##*/}" || exit 1; done
	install -m 644 packaging/sysusers.conf "$(DESTDIR)$(sysusersdir)/yesterfs.conf"
	install -m 644 packaging/examples/* "$(DESTDIR)$(docdir)/examples/"
	install -d "$(DESTDIR)$(docdir)/plots" "$(DESTDIR)$(docdir)/format"
	install -m 644 README.md CHANGELOG.md docs/*.md "$(DESTDIR)$(docdir)/"
	install -m 644 docs/plots/*.svg "$(DESTDIR)$(docdir)/plots/"
	install -m 644 docs/format/*.md "$(DESTDIR)$(docdir)/format/"

# By the names of the sources, so it needs nothing built. What an administrator wrote (/etc/yester, drop-ins) and the user `yester` stay.
.PHONY: uninstall
uninstall:
	rm -f "$(DESTDIR)$(bindir)/yester" "$(DESTDIR)$(bindir)/yesterfs" "$(DESTDIR)$(sbindir)/mount.fuse.yesterfs" \
		"$(DESTDIR)$(mandir)/man1/yester.1" "$(DESTDIR)$(mandir)/man1/yesterfs.1" "$(DESTDIR)$(mandir)/man8/mount.fuse.yesterfs.8" \
		"$(DESTDIR)$(mandir)/man1/"yester-*.1 "$(DESTDIR)$(bashcompletiondir)/yester" "$(DESTDIR)$(bashcompletiondir)/yesterfs" \
		"$(DESTDIR)$(zshcompletiondir)/_yester" "$(DESTDIR)$(sysusersdir)/yesterfs.conf"
	for unit in packaging/systemd/*; do rm -f "$(DESTDIR)$(unitdir)/$${unit##*/}" || exit 1; done
	rm -rf "$(DESTDIR)$(docdir)"

.PHONY: dist
dist:
	$(Q)packaging/dist.sh $(VERSION) $(RELEASED) $(BUILD)/yesterfs-$(VERSION).tar.gz

.PHONY: deb
deb: all $(MADE)/done
	$(Q)MAKE='$(MAKE)' BUILD='$(BUILD)' packaging/deb.sh $(VERSION) $(RELEASED) $(BUILD)
