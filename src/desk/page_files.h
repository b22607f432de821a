#ifndef DESK_PAGE_FILES_H
#define DESK_PAGE_FILES_H

#include <stddef.h>

/* The files of the agent's page, in the program itself: cmake/pages.cmake makes the table. */
struct page_file {
    const char *path; /* "/assets/app/main.js" */
    const char *begin, *end;
};

extern const struct page_file page_files[];
extern const size_t page_file_count;

#endif
