/* SPDX-License-Identifier: MIT
 *
 * document.h: what a document is made of, inside this room.
 */
#ifndef REPORT_DOCUMENT_H
#define REPORT_DOCUMENT_H

#include <moescope/report.h>

typedef enum {
    BLOCK_SECTION,
    BLOCK_HEADING,
    BLOCK_PARAGRAPH,
    BLOCK_POINT,
    BLOCK_NOTE,
    BLOCK_FACT,
    BLOCK_VERDICT,
    BLOCK_TABLE,
    BLOCK_FIGURE,
} BlockType;

typedef struct Block {
    BlockType type;
    char *name;  /* SECTION, TABLE, FIGURE: anchor; FACT: name; POINT: section it is of, or NULL */
    char *label; /* of a POINT with a name: that section's title; "": the one above */
    char *text;  /* SECTION, FIGURE: title; TABLE: caption */
    char *why, *remedy;
    MoeVerdict verdict;
    MoeTable *table; /* with texts of its own */
    MoeScene *scene;
    char *caption; /* of a FIGURE */
} Block;

/* A number of the whole report, for the index: a column of its own there. */
typedef struct Headline {
    char *title, *unit, *help;
    MoeColumnType type;
    MoeEntry entry; /* text owned */
} Headline;

struct MoeDocument {
    char *title, *lead;
    GPtrArray *blocks;    /* of Block */
    GPtrArray *headlines; /* of Headline */
};

const Block *moe__document_block(const MoeDocument *document, guint i);
/* Whether block `i` is the first, the last of neighbours of its type. */
bool moe__document_first(const MoeDocument *document, guint i);
bool moe__document_last(const MoeDocument *document, guint i);

/* A sentence about what a section shows, which stands elsewhere; `title` "": as the one above. */
void moe__document_point_of(MoeDocument *document, const char *section, const char *title,
                            const char *text);
/* Moves all blocks of one document to the end of another. */
/* Adds what the columns of its tables are (glossary.c): each once, none without tables. */
void moe__document_add_glossary(MoeDocument *document);
void moe__document_append(MoeDocument *into, MoeDocument *from);
/* Adds a number for the index; equal titles share a column. */
void moe__document_headline(MoeDocument *document, const MoeColumn *column, const MoeEntry *entry);

/* Of an entry: no text, no numbers. */
MoeEntry moe__entry_none(void);
MoeEntry moe__entry_text(const char *text);
MoeEntry moe__entry_number(double value);

/* "good", "note", "warning", "error". */
const char *moe__verdict_name(MoeVerdict verdict);

#endif
