/* symptom_command - endpoints that a command line names. See symptom.h. */
#include "base/str.h"
#include "diagnose/symptom_part.h"

void symptom_parse_command(struct arena *arena, int argc, char *const *argv, struct symptom *out)
{
	*out = (struct symptom){0};
	(void)arena;
	(void)argc;
	(void)argv;
}
