/* speaks - see speaks.h. */
#include "inventory/speaks.h"

void speaks_guess(struct arena *arena, struct service *service)
{
	(void)arena;
	service->name = service->owner_count ? owner_program(service->owners[0]) : "?";
}
