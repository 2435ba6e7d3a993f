#include "wire/client.h"

#include "base/clock.h"

#include <stdio.h>
#include <time.h>

struct kill_switch *kill_switch_new(void)
{
	struct kill_switch *k = xcalloc(1, sizeof(*k));

	atomic_init(&k->users, 1);
	return k;
}

struct kill_switch *kill_switch_hold(struct kill_switch *k)
{
	atomic_fetch_add(&k->users, 1);
	return k;
}

void kill_switch_release(struct kill_switch *k)
{
	if (k != NULL && atomic_fetch_sub(&k->users, 1) == 1)
		free(k);
}

struct client *client_new(uint64_t id, const char *remote)
{
	struct client *client = xcalloc(1, sizeof(*client));

	client->id = id;
	snprintf(client->remote, sizeof(client->remote), "%s", remote);
	pthread_mutex_init(&client->lock, NULL);
	return client;
}

void client_free(struct client *client)
{
	if (client == NULL)
		return;
	buf_release(&client->user);
	buf_release(&client->app);
	buf_release(&client->compressors);
	scram_release(&client->scram);
	kill_switch_release(client->op.kill);
	buf_release(&client->op.ns);
	buf_release(&client->op.command);
	pthread_mutex_destroy(&client->lock);
	free(client);
}

void client_begin(struct client *client, uint32_t id, const char *name, struct bytes command,
		  struct kill_switch *kill)
{
	pthread_mutex_lock(&client->lock);
	client->op.running = true;
	client->op.has_lsid = false;
	client->op.id = id;
	client->op.name = name;
	client->op.kill = kill_switch_hold(kill);
	client->op.began_us = (int64_t)clock_wall_us();
	buf_reset(&client->op.ns);
	buf_reset(&client->op.command);
	if (command.len <= CLIENT_COMMAND_MAX)
		buf_add_bytes(&client->op.command, command);
	pthread_mutex_unlock(&client->lock);
}

void client_end(struct client *client)
{
	pthread_mutex_lock(&client->lock);
	client->op.running = false;
	kill_switch_release(TAKE(client->op.kill));
	pthread_mutex_unlock(&client->lock);
}

void client_op_ns(struct client *client, struct bytes ns)
{
	pthread_mutex_lock(&client->lock);
	buf_reset(&client->op.ns);
	buf_add_bytes(&client->op.ns, ns);
	pthread_mutex_unlock(&client->lock);
}

void client_op_kill(struct client *client, struct kill_switch *kill)
{
	pthread_mutex_lock(&client->lock);
	kill_switch_release(client->op.kill);
	client->op.kill = kill_switch_hold(kill);
	pthread_mutex_unlock(&client->lock);
}

void client_op_session(struct client *client, const uint8_t lsid[CLIENT_LSID_LEN])
{
	pthread_mutex_lock(&client->lock);
	client->op.has_lsid = true;
	memcpy(client->op.lsid, lsid, CLIENT_LSID_LEN);
	pthread_mutex_unlock(&client->lock);
}

void client_kill_session(struct client *client, struct bytes user,
			 const uint8_t lsid[CLIENT_LSID_LEN])
{
	pthread_mutex_lock(&client->lock);
	/* A command in a session is run by a user who does not change meanwhile. */
	if (client->op.running && client->op.has_lsid &&
	    memcmp(client->op.lsid, lsid, CLIENT_LSID_LEN) == 0 &&
	    bytes_equal(buf_bytes(&client->user), user))
		atomic_store(&client->op.kill->on, true);
	pthread_mutex_unlock(&client->lock);
}

bool client_kill(struct client *client, uint32_t id)
{
	bool found;

	pthread_mutex_lock(&client->lock);
	found = client->op.running && (id == 0 || client->op.id == id);
	if (found)
		atomic_store(&client->op.kill->on, true);
	pthread_mutex_unlock(&client->lock);
	return found;
}
