/*
 * blind - a blind spot: what an answer could not see, and the smallest right that would show it.
 */
#pragma once

#include "model/field.h"

struct blind_spot {
	const char *what;  /* "the owner of 4 sockets" */
	const char *why;   /* "their processes belong to root" */
	const char *needs; /* "sudo loopscope ls", or the capability */
	uint64_t count;	   /* how many things it hides */
};

extern const struct record_type blind_spot_type;
