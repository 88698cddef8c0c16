/* libxml2 in process, schema compiled beforehand. Started by benches/translate.rs with a schema and a document.
 * Each line "MODE ROUNDS" on standard input is answered with the nanoseconds that the rounds took together.
 * Modes: parse (tree built and freed), validate (the same, and validated between). */
#include <libxml/parser.h>
#include <libxml/xmlschemas.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static char *contents(const char *path, long *size) {
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0) exit(2);
    *size = ftell(file);
    rewind(file);
    char *text = malloc(*size + 1);
    if (!text || fread(text, 1, *size, file) != (size_t)*size) exit(2);
    fclose(file);
    return text;
}

static void silent(void *context, const char *message, ...) {
    (void)context;
    (void)message;
}

int main(int count, char **arguments) {
    if (count != 3) return 2;
    long size;
    char *text = contents(arguments[2], &size);
    xmlSchemaParserCtxtPtr parser = xmlSchemaNewParserCtxt(arguments[1]);
    xmlSchemaPtr schema = xmlSchemaParse(parser);
    if (!schema) return 3;
    char mode[16];
    unsigned long rounds;
    while (scanf("%15s %lu", mode, &rounds) == 2) {
        int validates = strcmp(mode, "validate") == 0;
        struct timespec begin, end;
        clock_gettime(CLOCK_MONOTONIC, &begin);
        for (unsigned long round = 0; round < rounds; round++) {
            xmlDocPtr document = xmlReadMemory(text, (int)size, "document", NULL, XML_PARSE_NONET);
            if (!document) return 4;
            if (validates) {
                xmlSchemaValidCtxtPtr context = xmlSchemaNewValidCtxt(schema);
                xmlSchemaSetValidErrors(context, silent, silent, NULL);
                if (xmlSchemaValidateDoc(context, document) != 0) return 5;
                xmlSchemaFreeValidCtxt(context);
            }
            xmlFreeDoc(document);
        }
        clock_gettime(CLOCK_MONOTONIC, &end);
        long long spent = (long long)(end.tv_sec - begin.tv_sec) * 1000000000LL + (end.tv_nsec - begin.tv_nsec);
        printf("%lld\n", spent);
        fflush(stdout);
    }
    return 0;
}
