/* alert - see alert.h. */
#include "decode/alert.h"

#include "base/auto.h"

static const struct {
	uint8_t code;
	const char *name;
} rows[] = {
	{0, "close notify"},
	{10, "unexpected message"},
	{20, "bad record"},
	{21, "decryption failed"},
	{22, "record overflow"},
	{30, "decompression failure"},
	{40, "handshake failure"},
	{41, "no certificate"},
	{42, "bad certificate"},
	{43, "unsupported certificate"},
	{44, "certificate revoked"},
	{45, "certificate expired"},
	{46, "certificate unknown"},
	{47, "illegal parameter"},
	{48, "unknown certificate authority"},
	{49, "access denied"},
	{50, "decode error"},
	{51, "decrypt error"},
	{60, "export restriction"},
	{70, "protocol version"},
	{71, "insufficient security"},
	{80, "internal error"},
	{86, "inappropriate fallback"},
	{90, "user canceled"},
	{100, "no renegotiation"},
	{109, "missing extension"},
	{110, "unsupported extension"},
	{112, "unrecognized name"},
	{113, "bad certificate status response"},
	{115, "unknown pre-shared key identity"},
	{116, "certificate required"},
	{120, "no application protocol"},
};

const char *tls_alert_name(uint8_t description)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].code == description)
			return rows[i].name;
	}
	return NULL;
}
