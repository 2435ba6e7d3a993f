/*
 * tree_wish.h - asking that children of a node be decoded before they are read.
 *
 * Threads: any, as the store.
 */
#ifndef STORE_TREE_TREE_WISH_H
#define STORE_TREE_TREE_WISH_H

#include "store/store.h"
#include "store/tree/tree_node.h"

/* Let other threads decode children `from` to `end`, without it, as far as there are any. Never fails. */
void tree_wish(struct store *store, const struct tree_node *node, size_t from, size_t end);

#endif
