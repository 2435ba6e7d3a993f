# The program behind tests/integration/test_update_model.py: it applies updates that it reads.
# The test builds it by `make -f Makefile -f tests/oplog_update/oplog_update.mk`, included or not.

ifndef OPLOG_UPDATE
OPLOG_UPDATE := $(BUILD)/oplog_update

$(OPLOG_UPDATE): $(BUILD)/tests/oplog_update/apply_stdin.o $(call archives_upto,oplog)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS) $(PKG_LIBS)

.PHONY: oplog-update
oplog-update: $(OPLOG_UPDATE)
endif
