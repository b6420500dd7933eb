/* err - see err.h. `%m` prints errno, so errno is set from the code before formatting. */
#include "base/err.h"

#include <errno.h>
#include <string.h>

int err_set(struct err *err, int code, const char *format, ...)
{
	va_list args;

	if (!err)
		return code;
	err->code = code;
	err->fix[0] = '\0';
	errno = -code;
	va_start(args, format);
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	return code;
}

int err_wrap(struct err *err, int code, const char *format, ...)
{
	char old[ERR_TEXT_MAX];
	va_list args;

	if (!err)
		return code;
	memcpy(old, err->text, sizeof(old));
	err->code = code;
	errno = -code;
	va_start(args, format);
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	if (old[0] == '\0')
		return code;

	size_t used = strlen(err->text);
	snprintf(err->text + used, sizeof(err->text) - used, ": %s", old);
	return code;
}

void err_fix(struct err *err, const char *format, ...)
{
	va_list args;

	if (!err)
		return;
	va_start(args, format);
	vsnprintf(err->fix, sizeof(err->fix), format, args);
	va_end(args);
}
