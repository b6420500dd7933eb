/* attempts - the records that the BPF programs keep and sys/attempt_trace.c reads. */
#pragma once

#define ATTEMPT_SLOTS 1024 /* different attempts */

enum { ATTEMPT_CONNECTS, ATTEMPT_BINDS, ATTEMPT_LISTENS };

/* What makes two attempts the same; every byte counts. */
struct attempt_key {
	unsigned char kind;
	unsigned char family; /* AF_UNIX, AF_INET, AF_INET6 */
	unsigned short type;  /* SOCK_STREAM ... */
	unsigned short port;
	unsigned short len; /* of a unix address */
	int error;	    /* positive errno */
	unsigned int scope;
	unsigned int protocol;
	unsigned int zero;
	unsigned char
		address[112]; /* IPv4: 4 bytes, IPv6: 16, unix: the path, NUL first if abstract */
};

struct attempt_value {
	unsigned long long at_ns, took_ns; /* of the first; CLOCK_MONOTONIC */
	unsigned int pid;		   /* as the reader's pid namespace shows it */
	unsigned int count;		   /* 1, or more when it was repeated */
	char program[16];
};

/* An attempt that is under way. */
struct attempt_flight {
	struct attempt_key key;
	struct attempt_value value;
	unsigned long long sk;	 /* of the socket */
	unsigned long long from; /* the address, when it could not be read yet; else 0 */
	unsigned int pending;	 /* waits for the socket's state, not only for the call's return */
	unsigned int in_call;	 /* its system call has not returned */
	unsigned int over;	 /* the socket's state tells the outcome: */
	unsigned int over_error; /* EINPROGRESS: it was given up */
	unsigned int from_len;
	unsigned int zero;
};
