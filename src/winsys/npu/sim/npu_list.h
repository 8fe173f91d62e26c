/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Intrusive doubly linked list. The head is a node of its own; an empty list points to itself, and
 * so does a node that is in no list (npu_list_remove leaves it so).
 */

#ifndef NPU_LIST_H
#define NPU_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct npu_list {
   struct npu_list *prev, *next;
};

#define npu_container_of(pointer, type, member)                                                    \
   ((type *)((char *)(pointer) - offsetof(type, member)))

static inline void
npu_list_init(struct npu_list *node)
{
   node->prev = node->next = node;
}

static inline bool
npu_list_is_empty(const struct npu_list *head)
{
   return head->next == head;
}

/* Adds the node, which is in no list, at the end. */
static inline void
npu_list_append(struct npu_list *head, struct npu_list *node)
{
   node->prev = head->prev;
   node->next = head;
   head->prev->next = node;
   head->prev = node;
}

/* Also for a node that is in no list. */
static inline void
npu_list_remove(struct npu_list *node)
{
   node->prev->next = node->next;
   node->next->prev = node->prev;
   npu_list_init(node);
}

/* Moves all nodes of from to the end of to. */
static inline void
npu_list_splice(struct npu_list *to, struct npu_list *from)
{
   if (npu_list_is_empty(from))
      return;
   from->next->prev = to->prev;
   from->prev->next = to;
   to->prev->next = from->next;
   to->prev = from->prev;
   npu_list_init(from);
}

#define npu_list_first(head, type, member) npu_container_of((head)->next, type, member)

/* Iteration; the current node may be removed in the _safe form only. */
#define npu_list_foreach(iter, head)                                                               \
   for (struct npu_list *iter = (head)->next; iter != (head); iter = iter->next)

#define npu_list_foreach_safe(iter, head)                                                          \
   for (struct npu_list *iter = (head)->next, *iter##_next = iter->next; iter != (head);           \
        iter = iter##_next, iter##_next = iter->next)

#endif
