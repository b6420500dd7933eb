/*
 * address_lax - what the sloppy spellings of an IPv4 address mean to programs that still take them:
 * inet_aton's short, octal, hexadecimal and single-number forms.
 *
 *   127.1 · 0177.0.0.1 · 0x7f.1 · 0x7f000001 · 2130706433
 *
 * loopscope never takes them itself; it says what they would mean.
 */
#pragma once

#include "model/address.h"

enum lax_form {
	LAX_NONE,   /* not such a spelling */
	LAX_SHORT,  /* fewer than four parts: the last one fills the rest */
	LAX_OCTAL,  /* a part with a leading zero: octal to some programs, decimal to others */
	LAX_HEX,    /* a part with 0x */
	LAX_NUMBER, /* one decimal number */
};

/* Strict dotted addresses are LAX_NONE too. *out is written unless the form is LAX_NONE. */
enum lax_form address_parse_lax(const char *text, struct address *out);
