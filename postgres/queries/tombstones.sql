-- name: all
SELECT hash, stand_in, (extract(epoch FROM until) * 1000)::bigint AS until_ms FROM tombstones;

-- name: prove_key
INSERT INTO privacy_key (proof) VALUES (%s) ON CONFLICT DO NOTHING;

-- name: proof
SELECT proof FROM privacy_key;
