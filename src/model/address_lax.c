/* address_lax - see address_lax.h. The rules are those of inet_aton(3). */
#include "model/address_lax.h"

#include <stdlib.h>
#include <string.h>

struct part {
	uint64_t value;
	bool octal, hex;
};

/* One part up to '.' or the end; NULL when it is no number. */
static const char *read_part(const char *s, struct part *out)
{
	unsigned base = 10;
	const char *start = s;

	*out = (struct part){0};
	if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
		base = 16;
		out->hex = true;
		s += 2;
	} else if (s[0] == '0' && s[1] >= '0' && s[1] <= '9') {
		base = 8;
		out->octal = true;
	}
	for (; *s && *s != '.'; s++) {
		char c = *s;
		unsigned digit = c >= '0' && c <= '9' ? (unsigned)(c - '0')
			: c >= 'a' && c <= 'f'	      ? (unsigned)(c - 'a' + 10)
			: c >= 'A' && c <= 'F'	      ? (unsigned)(c - 'A' + 10)
						      : 99;
		if (digit >= base)
			return NULL;
		out->value = out->value * base + digit;
		if (out->value > UINT32_MAX)
			return NULL;
	}
	return s == start || (out->hex && s == start + 2) ? NULL : s;
}

enum lax_form address_parse_lax(const char *text, struct address *out)
{
	struct part parts[4];
	size_t count = 0;
	bool octal = false, hex = false;
	uint32_t value = 0;

	for (const char *s = text;; s++) {
		if (count == 4)
			return LAX_NONE;
		s = read_part(s, &parts[count]);
		if (!s)
			return LAX_NONE;
		octal |= parts[count].octal;
		hex |= parts[count].hex;
		count++;
		if (!*s)
			break;
	}
	if (count == 4 && !octal && !hex)
		return LAX_NONE;
	for (size_t i = 0; i + 1 < count; i++) {
		if (parts[i].value > 255)
			return LAX_NONE;
		value |= (uint32_t)parts[i].value << (24 - 8 * i);
	}
	if (parts[count - 1].value > UINT32_MAX >> (8 * (count - 1)))
		return LAX_NONE;
	value |= (uint32_t)parts[count - 1].value;

	*out = (struct address){.family = AF_INET};
	for (unsigned i = 0; i < 4; i++)
		out->bytes[i] = (uint8_t)(value >> (24 - 8 * i));
	return hex ? LAX_HEX : octal ? LAX_OCTAL : count == 1 ? LAX_NUMBER : LAX_SHORT;
}
