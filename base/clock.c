#include "base/clock.h"

#define US 1000000ULL
#define NS 1000000000ULL

static uint64_t read_us(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	/* A clock that lost its battery may say a year before 1970: there is no such time here. */
	if (now.tv_sec < 0)
		return 0;
	return (uint64_t)now.tv_sec * US + (uint64_t)now.tv_nsec / (NS / US);
}

uint64_t clock_wall_us(void)
{
	return read_us(CLOCK_REALTIME);
}

uint64_t clock_wall_ms(void)
{
	return clock_wall_us() / 1000;
}

uint64_t clock_us(void)
{
	return read_us(CLOCK_MONOTONIC);
}

uint64_t clock_ms(void)
{
	return clock_us() / 1000;
}

uint64_t clock_tick_ms(void)
{
	return read_us(CLOCK_MONOTONIC_COARSE) / 1000;
}

struct timespec clock_deadline(clockid_t clock, uint64_t ms)
{
	struct timespec at;
	uint64_t ns;

	clock_gettime(clock, &at);
	ns = (uint64_t)at.tv_nsec + ms % 1000 * (NS / 1000);
	at.tv_sec += (time_t)(ms / 1000 + ns / NS);
	at.tv_nsec = (long)(ns % NS);
	return at;
}

void clock_cond_init(pthread_cond_t *ret)
{
	pthread_condattr_t attributes;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(ret, &attributes);
	pthread_condattr_destroy(&attributes);
}
