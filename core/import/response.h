/* SPDX-License-Identifier: MIT
 *
 * What a server's response in JSON says of routed experts: the arrays, and the counts and ids of
 * tokens that stand somewhere beside them. A file may hold many responses in one object, so that a
 * value is looked for in the object of an array, and below it; then in the one that holds that.
 */
#ifndef MOE_IMPORT_RESPONSE_H
#define MOE_IMPORT_RESPONSE_H

#include "import/id-array.h"

typedef enum {
    MOE_RESPONSE_PROMPT_TOKENS,
    MOE_RESPONSE_COMPLETION_TOKENS,
    MOE_RESPONSE_START, /* position of the first row */
    MOE_RESPONSE_NUMBERS,
} MoeResponseNumber;

typedef enum {
    MOE_RESPONSE_PROMPT_IDS,
    MOE_RESPONSE_PROMPT_LOGPROBS, /* ids of the last tokens of the prompt */
    MOE_RESPONSE_OUTPUT_IDS,
    MOE_RESPONSE_OUTPUT_LOGPROBS,
    MOE_RESPONSE_LISTS,
} MoeResponseIds;

/* What an object holds itself. */
typedef struct MoeResponseScope {
    int parent, end;                      /* end: behind the last object in it; parent -1: none */
    int64_t number[MOE_RESPONSE_NUMBERS]; /* -1: not said */
    GArray *ids[MOE_RESPONSE_LISTS];      /* int32_t; NULL: not said */
    char *type;                           /* of bare arrays; NULL: not said */
    int prompt;                           /* place of the array of its prompt; -1: none */
} MoeResponseScope;

/* An array that a response holds. */
typedef struct MoeResponseArray {
    MoeIdArray *array;
    int scope;
    bool prompt; /* of the prompt alone: what was generated stands in another array */
} MoeResponseArray;

typedef struct MoeResponse {
    GArray *scopes; /* MoeResponseScope, an object before those in it */
    GArray *arrays; /* MoeResponseArray, in the order of the file */
} MoeResponse;

void moe__response_init(MoeResponse *response);
void moe__response_clear(MoeResponse *response);
/* Reads the rest of an object that is open. False with json->error. */
bool moe__response_read(MoeResponse *response, MoeJson *json);

/* What is nearest to a scope: its own, else the only one below it, else likewise of the scopes
 * above. -1 or NULL: not said, or several times. */
int64_t moe__response_number(const MoeResponse *response, int scope, MoeResponseNumber number);
const GArray *moe__response_ids(const MoeResponse *response, int scope, MoeResponseIds ids);
const char *moe__response_type(const MoeResponse *response, int scope);
/* The place of the array of the prompt that belongs to an array of what was generated; -1: none. */
int moe__response_prompt(const MoeResponse *response, int scope);

#endif
