#include "fs/fs_handles.h"

#include <pthread.h>

struct fs_handles {
	pthread_mutex_t lock;
	struct fs_handle head; /* of a ring */
};

struct fs_handles *fs_handles_new(void)
{
	struct fs_handles *handles = xcalloc(1, sizeof(*handles));

	pthread_mutex_init(&handles->lock, NULL);
	handles->head.prev = handles->head.next = &handles->head;
	return handles;
}

void fs_handles_free(struct fs_handles *handles)
{
	if (handles == NULL)
		return;
	while (handles->head.next != &handles->head)
		fs_handles_close(handles, handles->head.next);
	pthread_mutex_destroy(&handles->lock);
	free(handles);
}

void fs_handles_add(struct fs_handles *handles, struct fs_handle *handle,
		    void (*close)(struct fs_handle *handle))
{
	handle->close = close;
	pthread_mutex_lock(&handles->lock);
	handle->prev = &handles->head;
	handle->next = handles->head.next;
	handle->next->prev = handle;
	handles->head.next = handle;
	pthread_mutex_unlock(&handles->lock);
}

void fs_handles_close(struct fs_handles *handles, struct fs_handle *handle)
{
	pthread_mutex_lock(&handles->lock);
	handle->prev->next = handle->next;
	handle->next->prev = handle->prev;
	pthread_mutex_unlock(&handles->lock);
	handle->close(handle);
}
