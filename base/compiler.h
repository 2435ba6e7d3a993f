/*
 * compiler.h - attributes and small macros that the whole tree uses.
 *
 * Nothing here allocates or has state.
 */
#ifndef BASE_COMPILER_H
#define BASE_COMPILER_H

#include <stddef.h>
#include <stdint.h>

/* Keys of numbers are computed with 128 bits; sizes and offsets of files are size_t in many places. */
#if !defined(__SIZEOF_INT128__) || __SIZEOF_SIZE_T__ != 8
#error "Yesterfs needs a machine of 64 bits, and gcc or clang"
#endif
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "Yesterfs needs a machine with little endian numbers, such as amd64"
#endif

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define UNUSED __attribute__((unused))
#define COLD __attribute__((cold))
#define NORETURN __attribute__((noreturn))

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#define MIN_OF(a, b) ((a) < (b) ? (a) : (b))
#define MAX_OF(a, b) ((a) > (b) ? (a) : (b))

#define KIB ((size_t)1024)
#define MIB ((size_t)1024 * 1024)

#endif
