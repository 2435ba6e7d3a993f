#include "tools/doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void doctor_release(struct doctor *doctor)
{
	for (size_t i = 0; i < doctor->count; i++) {
		free(doctor->at[i].text);
		free(doctor->at[i].hint);
	}
	free(doctor->at);
	*doctor = (struct doctor){0};
}

void doctor_add(struct doctor *doctor, const char *name, enum doctor_state state, const char *hint,
		const char *format, ...)
{
	struct doctor_finding *finding;
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	doctor->at = xrealloc(doctor->at, (doctor->count + 1) * sizeof(*doctor->at));
	finding = &doctor->at[doctor->count++];
	*finding = (struct doctor_finding){
		.name = name,
		.state = state,
		.text = xstrdup(text),
		.hint = hint == NULL ? NULL : xstrdup(hint),
	};
}

enum doctor_state doctor_worst(const struct doctor *doctor)
{
	enum doctor_state worst = DOCTOR_GOOD;

	for (size_t i = 0; i < doctor->count; i++)
		worst = MAX_OF(worst, doctor->at[i].state);
	return worst;
}
