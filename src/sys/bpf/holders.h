/* holders - the record that the BPF program writes and sys/holders_iterate.c reads. */
#pragma once

struct holder_record {
	unsigned int inode;
	unsigned int pid;
	unsigned int fd;
	unsigned int netns;
};
