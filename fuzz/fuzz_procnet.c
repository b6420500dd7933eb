/* fuzz_procnet - lines of /proc/PID/net tables. */
#include "base/must.h"
#include "sys/procnet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line = must_malloc(size + 1);
	struct socket s;

	memcpy(line, data, size);
	line[size] = '\0';
	procnet_parse(line, AF_INET, PROTO_TCP, &s);
	procnet_parse(line, AF_INET6, PROTO_UDP, &s);
	free(line);
	return 0;
}
