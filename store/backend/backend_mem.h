/*
 * backend_mem.h - the back end that is a list in memory: for tests, and to prove the contract.
 */
#ifndef STORE_BACKEND_BACKEND_MEM_H
#define STORE_BACKEND_BACKEND_MEM_H

#include "store/backend/backend.h"

struct backend *backend_mem_new(void);

#endif
