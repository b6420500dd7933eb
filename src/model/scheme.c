/*
 * scheme - see scheme.h. Besides the browser's schemes these are the ones that connection strings
 * of databases, queues and caches use; each means what that service's own clients take it to mean.
 */
#include "model/scheme.h"

#include "base/auto.h"
#include <stdlib.h>
#include <string.h>

static const struct row {
	const char *scheme;
	uint16_t port;
} rows[] = {
	{"acap", 674},
	{"amqp", 5672},
	{"amqps", 5671},
	{"bolt", 7687},
	{"cassandra", 9042},
	{"clickhouse", 9000},
	{"cockroachdb", 26257},
	{"coap", 5683},
	{"coaps", 5684},
	{"couchbase", 11210},
	{"couchdb", 5984},
	{"cql", 9042},
	{"dns", 53},
	{"elasticsearch", 9200},
	{"etcd", 2379},
	{"ftp", 21},
	{"ftps", 990},
	{"git", 9418},
	{"gopher", 70},
	{"grpc", 50051},
	{"grpcs", 443},
	{"h2c", 80},
	{"http", 80},
	{"https", 443},
	{"imap", 143},
	{"imaps", 993},
	{"influxdb", 8086},
	{"ipp", 631},
	{"ipps", 631},
	{"irc", 6667},
	{"ircs", 6697},
	{"kafka", 9092},
	{"ldap", 389},
	{"ldaps", 636},
	{"mariadb", 3306},
	{"memcache", 11211},
	{"memcached", 11211},
	{"mongodb", 27017},
	{"mqtt", 1883},
	{"mqtts", 8883},
	{"mssql", 1433},
	{"mysql", 3306},
	{"mysql2", 3306},
	{"mysqlx", 33060},
	{"nats", 4222},
	{"neo4j", 7687},
	{"nntp", 119},
	{"oracle", 1521},
	{"pop3", 110},
	{"pop3s", 995},
	{"postgis", 5432},
	{"postgres", 5432},
	{"postgresql", 5432},
	{"pulsar", 6650},
	{"rabbitmq", 5672},
	{"redis", 6379},
	{"rediss", 6379},
	{"rsync", 873},
	{"rtmp", 1935},
	{"rtsp", 554},
	{"sentinel", 26379},
	{"sftp", 22},
	{"sip", 5060},
	{"sips", 5061},
	{"smb", 445},
	{"smtp", 25},
	{"smtps", 465},
	{"socks", 1080},
	{"socks4", 1080},
	{"socks4a", 1080},
	{"socks5", 1080},
	{"socks5h", 1080},
	{"sqlserver", 1433},
	{"ssh", 22},
	{"stomp", 61613},
	{"stun", 3478},
	{"svn", 3690},
	{"telnet", 23},
	{"turn", 3478},
	{"valkey", 6379},
	{"vnc", 5900},
	{"ws", 80},
	{"wss", 443},
	{"xmpp", 5222},
	{"zookeeper", 2181},
};

uint16_t scheme_port(const char *scheme)
{
	size_t len = strcspn(scheme, "+");

	if (strcmp(scheme + len, "+srv") == 0) /* the name server says which port */
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (strlen(rows[i].scheme) == len && memcmp(rows[i].scheme, scheme, len) == 0)
			return rows[i].port;
	return 0;
}
