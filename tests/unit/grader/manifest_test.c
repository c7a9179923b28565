/*
 * lab.yaml is read strictly: what is wrong is named with its line.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "manifest/manifest.h"

#include <cmocka.h>

#define HEAD     "schema_version: 1\nid: 42-a\ntitle: A\npoints: 1\n"
#define FILES    "files:\n- {path: a.c, kind: c}\n- {path: b.sh, kind: shell, required: false}\n"
#define PROGRAMS "programs:\n- {name: a, build: [a.c]}\n"
#define CHECKS   "checks:\n- {id: one, name: One, points: 1}\n"

static enum weir_status parse(const char *text, struct manifest *out, struct weir_error *err)
{
    static struct arena arena;
    arena_reset(&arena);
    return manifest_parse(bytes_of(text), "lab.yaml", &arena, out, err);
}

static void a_small_lab_is_read_with_its_defaults(void **state)
{
    struct manifest m;
    struct weir_error err;
    (void)state;
    if (parse(HEAD FILES PROGRAMS CHECKS, &m, &err) < 0) {
        fail_msg("%s", err.message);
    }
    assert_string_equal(m.id, "42-a");
    assert_int_equal(m.file_count, 2);
    assert_false(m.files[0].optional);
    assert_true(m.files[1].optional);
    assert_int_equal(m.files[1].kind, FILE_SHELL);
    assert_int_equal(m.programs[0].timeout_ms, 10000);
    assert_int_equal(m.checks[0].part, 1);
    assert_int_equal(m.checks[0].timeout_ms, 30000);
    assert_int_equal(m.limits.memory_mb, 512);
}

static void every_fault_is_named(void **state)
{
    static const struct {
        const char *text;
        const char *words;
    } cases[] = {
        { "", "lab.yaml:1: the file is empty" },
        { "[", "not valid YAML" },
        { "- 1\n", "lab.yaml:1: the document must be a mapping" },
        { "schema_version: 2\n",
          "lab.yaml:1: `schema_version` must be a whole number from 1 to 1" },
        { "schema_version: 1\nid: a\n", "lab.yaml:2: `id`: \"a\" is no lab id" },
        { HEAD, "lacks the key `files`" },
        { HEAD "pionts: 2\n",
          "lab.yaml:5: unknown key `pionts` in the document; known keys: schema_version, id, title" },
        { HEAD "points: 1\n", "lab.yaml:5: `points` is given twice" },
        { HEAD "files:\n- {path: ../a.c, kind: c}\n",
          "lab.yaml:6: `path`: \"../a.c\" is no plain file name" },
        { HEAD "files:\n- {path: a.c, kind: rust}\n", "is no kind of file" },
        { HEAD "files:\n- {path: a.c, kind: c, required: maybe}\n" PROGRAMS CHECKS,
          "`required` must be true or false" },
        { HEAD "files:\n- {path: a.c, kind: c}\n- {path: a.c, kind: c}\n" PROGRAMS CHECKS,
          "lab.yaml:7: the file a.c is listed twice" },
        { HEAD "files: []\n", "`files` must have 1 to 64 entries; it has 0" },
        { HEAD "files: a.c\n", "`files` must be a list" },
        { HEAD FILES "programs:\n- {name: a}\n" CHECKS,
          "program a needs either `build` or `script`" },
        { HEAD FILES "programs:\n- {name: a, build: [a.c], script: b.sh}\n" CHECKS,
          "needs either" },
        { HEAD FILES "programs:\n- {name: a, build: [b.sh]}\n" CHECKS,
          "uses b.sh, which is not in `files` as kind: c" },
        { HEAD FILES "programs:\n- {name: a, script: a.c}\n" CHECKS, "as kind: shell" },
        { HEAD FILES "programs:\n- {name: a, build: [a.c], env: [lower]}\n" CHECKS,
          "\"lower\" is no variable" },
        { HEAD FILES "programs:\n- {name: a, build: [a.c], timeout_ms: 0}\n" CHECKS,
          "from 1 to 600000" },
        { HEAD FILES PROGRAMS "checks:\n- {id: one, name: One, points: 2}\n",
          "`points` says 1, but the checks add up to 2" },
        { HEAD FILES PROGRAMS "checks:\n- {id: one, name: One, points: 1, uses: [b]}\n",
          "uses the program b, which is not in `programs`" },
        { HEAD FILES PROGRAMS "checks:\n- {id: one, name: One, points: 1, needs: [one]}\n",
          "needs one, which is no earlier check" },
        { HEAD FILES PROGRAMS "checks:\n- {id: one, name: One, points: 1, part: 2}\nparts: [A]\n",
          "is of part 2, but `parts` has 1" },
        { HEAD FILES PROGRAMS "checks:\n- {id: one, name: \"a\\nb\", points: 1}\n",
          "must be one line" },
        { HEAD FILES PROGRAMS CHECKS "limits: {cpu: 1}\n",
          "unknown key `cpu` in limits; known keys: timeout_ms, cpu_s" },
        { HEAD FILES PROGRAMS CHECKS "? [a]\n: b\n", "unknown key" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct manifest m;
        struct weir_error err = { 0 };
        assert_true(parse(cases[i].text, &m, &err) < 0);
        if (!strstr(err.message, cases[i].words)) {
            fail_msg("case %zu: `%s` is not in: %s", i, cases[i].words, err.message);
        }
    }
}

static void the_documented_example_is_good(void **state)
{
    struct buffer text;
    struct arena arena;
    struct manifest m;
    struct weir_error err = { 0 };
    char path[4096];
    const char *root = getenv("WEIR_SOURCE");
    (void)state;
    if (!root) {
        skip();
    }
    (void)snprintf(path, sizeof(path), "%s/schemas/lab.example.yaml", root);
    buffer_init(&text, 1 << 20);
    arena_init(&arena, 0);
    assert_int_equal(file_read(-100, path, &text, &err), WEIR_OK);
    if (manifest_parse(buffer_bytes(&text), "lab.example.yaml", &arena, &m, &err) < 0) {
        fail_msg("%s", err.message);
    }
    assert_int_equal(m.check_count, 3);
    arena_finish(&arena);
    buffer_finish(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_small_lab_is_read_with_its_defaults),
        cmocka_unit_test(every_fault_is_named),
        cmocka_unit_test(the_documented_example_is_good),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
