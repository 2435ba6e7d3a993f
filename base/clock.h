/*
 * clock.h - what time it is, as one number.
 *
 * clock_wall_*: since 1970, what people call the time; it may be set back. The others: since some time that does not
 * matter, and never set back.
 *
 * Threads: any.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <pthread.h>
#include <stdint.h>
#include <time.h>

uint64_t clock_wall_us(void); /* microseconds */
uint64_t clock_wall_ms(void); /* milliseconds */

uint64_t clock_us(void);
uint64_t clock_ms(void);

/* As of the last tick of the kernel, some milliseconds ago: where it is asked for all the time. */
uint64_t clock_tick_ms(void);

/* `ms` milliseconds from now, by that clock: for what waits until a time. */
struct timespec clock_deadline(clockid_t clock, uint64_t ms);

/* pthread_cond_init() of one whose pthread_cond_timedwait() goes by CLOCK_MONOTONIC. */
void clock_cond_init(pthread_cond_t *ret);

#endif
