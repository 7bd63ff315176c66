/** The file in DATA_DIR that is the embedded database. */
export const databaseFileName = 'qrfactory.db';
