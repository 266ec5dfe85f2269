#!/usr/bin/env bash
# Sourced: makes what a service with TLS needs that tells callers apart, and what its callers need.

base64url() {
    openssl base64 -A | tr '+/' '-_' | tr -d '='
}

# make_callers DIR: an authority (ca.pem), a certificate of its (tls.pem, tls.key) for localhost and 127.0.0.1,
# and tokens for a day: reader.jwt, admin.jwt. Sets `callers_options` for serve.
make_callers() {
    local dir=$1 curve=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes) public role token
    openssl req -x509 "${curve[@]}" -days 2 -subj "/CN=an authority of a test" \
        -keyout "$dir/ca.key" -out "$dir/ca.pem" 2>/dev/null
    openssl req "${curve[@]}" -subj "/CN=localhost" -keyout "$dir/tls.key" -out "$dir/tls.csr" 2>/dev/null
    openssl x509 -req -in "$dir/tls.csr" -CA "$dir/ca.pem" -CAkey "$dir/ca.key" -CAcreateserial -days 2 \
        -extfile <(echo 'subjectAltName=DNS:localhost,IP:127.0.0.1') -out "$dir/tls.pem" 2>/dev/null

    openssl genpkey -algorithm ed25519 -out "$dir/issuer.key"
    # The key itself is the end of its encoding.
    public=$(openssl pkey -in "$dir/issuer.key" -pubout -outform DER | tail -c 32 | base64url)
    printf '{"keys": [{"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "kid": "test", "x": "%s"}]}' "$public" \
        >"$dir/jwks.json"
    for role in reader admin; do
        token=$(printf '{"alg": "EdDSA", "kid": "test"}' | base64url).$(
            printf '{"iss": "https://issuer.example", "aud": "bulletin", "sub": "%s", "exp": %d}' \
                "$role" $(($(date +%s) + 86400)) | base64url
        )
        # It signs files only.
        printf '%s' "$token" >"$dir/signed"
        echo "$token.$(openssl pkeyutl -sign -inkey "$dir/issuer.key" -rawin -in "$dir/signed" | base64url)" \
            >"$dir/$role.jwt"
    done
    echo '{"rules": [{"subject": "reader", "role": "reader"}, {"subject": "admin", "role": "admin"}]}' \
        >"$dir/policy.json"
    # shellcheck disable=SC2034 # for the script
    callers_options=(--tls-certificate "$dir/tls.pem" --tls-key "$dir/tls.key" --jwks "$dir/jwks.json"
        --jwt-issuer https://issuer.example --jwt-audience bulletin --policy "$dir/policy.json")
}
