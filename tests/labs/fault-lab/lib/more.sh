# Sourced after lab.sh by cases that need a real server with a configuration file.
ODD="$PY $LAB_LIB/odd.py"
# odd NAME ARGS...: odd.py as the developer, waits until it listens
odd() { _s=$1; shift; start "$_s" $DEV $ODD "$@"; wait_log "$_s" LISTENING; }
# web NAME 'server { ... }'...: nginx with these server blocks
web() {
    _w=$1; shift
    cat >"$LAB_STATE/$_w.conf" <<N
daemon off; pid $LAB_STATE/$_w.master; error_log $LAB_STATE/$_w-error.log; user root; worker_processes ${WORKERS:-1};
events { worker_connections 64; }
http { access_log off; client_body_temp_path $LAB_STATE/t1; proxy_temp_path $LAB_STATE/t2;
 fastcgi_temp_path $LAB_STATE/t3; uwsgi_temp_path $LAB_STATE/t4; scgi_temp_path $LAB_STATE/t5;
 $*
}
N
    start "$_w" nginx -p "$LAB_STATE" -c "$LAB_STATE/$_w.conf"; wait_listen "$PORT"
}
# postgres_up HBA_LINE OPTIONS...: a real one, superuser postgres, socket in /run/postgresql
postgres_up() {
    _bin=$(ls -d /usr/lib/postgresql/*/bin | tail -1); _d=$LAB_STATE/home/pg; _h=$1; shift
    mkdir -p /run/postgresql; chmod 1777 /run/postgresql
    $DEV "$_bin/initdb" -D "$_d" -U postgres -A trust --no-sync --no-instructions -E UTF8 --locale=C \
        >"$LAB_STATE/initdb.log" 2>&1 || { cat "$LAB_STATE/initdb.log"; die initdb; }
    [ -n "$_h" ] && { echo "local all all trust"; echo "$_h"; } >"$_d/pg_hba.conf"
    start postgres $DEV "$_bin/postgres" -D "$_d" -F -c unix_socket_directories=/run/postgresql "$@"
    wait_log postgres "ready to accept connections"
}
# docker_proxy NAME HOST_PORT CONTAINER_IP CONTAINER_PORT: a forwarder with docker-proxy's command line
docker_proxy() {
    cat >"$LAB_STATE/dp.py" <<'P'
import sys,runpy,os
sys.argv=['srv.py','--listen','0.0.0.0:'+sys.argv[6],'--forward',sys.argv[8]+':'+sys.argv[10],'--name','docker-proxy']
runpy.run_path(os.environ['LAB_LIB']+'/srv.py',run_name='__main__')
P
    start "$1" $PY "$LAB_STATE/dp.py" -proto tcp -host-ip 0.0.0.0 -host-port "$2" -container-ip "$3" \
        -container-port "$4"; wait_log "$1" LISTENING
}
# fill NAME PORT N: a client of the developer that holds N connections open
fill() {
    start "$1" $DEV $PY -c "
import socket,time
L=[socket.create_connection(('127.0.0.1',$2)) for i in range($3)]
print('LISTENING',flush=True); time.sleep(3600)"
    wait_log "$1" LISTENING
}
# authority DIR SAN: DIR/ca.pem signs DIR/cert.pem, key DIR/key.pem
authority() {
    mkdir -p "$1"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$1/ca.key" -out "$1/ca.pem" \
        -subj "/CN=Dev Root CA" -days 30 >/dev/null 2>&1 &&
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$1/key.pem" -out "$1/c.csr" \
        -subj "/CN=localhost" >/dev/null 2>&1 && printf 'subjectAltName=%s\n' "$2" >"$1/ext" &&
    openssl x509 -req -in "$1/c.csr" -CA "$1/ca.pem" -CAkey "$1/ca.key" -set_serial 7 -days 20 \
        -extfile "$1/ext" -out "$1/cert.pem" >/dev/null 2>&1 || die "openssl ca failed"
    chmod -R a+rX "$1"
}
