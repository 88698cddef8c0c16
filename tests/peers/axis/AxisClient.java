import it.gov.lavoro.servizi.comunicazioni.ComunicazioniWS;
import it.gov.lavoro.servizi.comunicazioni.ComunicazioniWSServiceLocator;
import it.gov.lavoro.servizi.comunicazioni.types.holders.Risposta_InviaComunicazioneObbligatoriaEsitoHolder;
import it.gov.lavoro.servizi.servizicoap.ServizicoapWS;
import it.gov.lavoro.servizi.servizicoap.ServizicoapWSServiceLocator;
import it.gov.lavoro.servizi.servizicoap.types.holders.Risposta_annullaSAP_TypeEsitoHolder;
import it.gov.lavoro.servizi.servizicoap.types.holders.Risposta_invioSAP_TypeEsitoHolder;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.xml.namespace.QName;
import javax.xml.rpc.ParameterMode;
import javax.xml.rpc.holders.StringHolder;
import org.apache.axis.AxisFault;
import org.apache.axis.Constants;
import org.apache.axis.EngineConfiguration;
import org.apache.axis.attachments.AttachmentPart;
import org.apache.axis.client.Call;
import org.apache.axis.client.Service;
import org.w3c.dom.Element;

/**
 * Apache Axis 1.4 as a region's PDD: calls the actions of ServiziSAP and sends a comunicazione through the stubs that Axis's own
 * WSDL2Java made of the gateway's contracts, and checks every reply, header and body. run.sh makes the stubs.
 *
 * <p>Prints one line a call. Exit 0 when all is as it must be, 1 when something is not.
 */
public final class AxisClient {
    private static final String MITTENTE = "LAZIO";
    private static final String PERSONA = "RSSMRA85T10A562S";
    private static final String SCHEDA = "scheda-anagrafico-professionale.xml";
    private static final String TYPES = "http://servizi.lavoro.gov.it/servizicoap/types";

    private final String base;
    private final Path documents;
    private final Porta porta;
    private final ServizicoapWS sap;
    private final ComunicazioniWS co;
    private Busta invio;
    private String codice;

    private AxisClient(String base, Path documents, boolean show) throws Exception {
        this.base = base;
        this.documents = documents;
        this.porta = new Porta(show);
        this.sap = new ServizicoapWSServiceLocator(porta.configuration).getservizicoapWS();
        this.co = new ComunicazioniWSServiceLocator(porta.configuration).getcomunicazioniWS();
    }

    public static void main(String[] arguments) throws Exception {
        boolean show = arguments.length > 2 && arguments[2].equals("--show");
        int wrong = new AxisClient(arguments[0], Path.of(arguments[1]), show).story();
        System.out.println(wrong == 0 ? "AxisClient: all as it must be" : "AxisClient: " + wrong + " wrong");
        System.exit(wrong == 0 ? 0 : 1);
    }

    /** The steps, in the order in which a region would take them: how many were wrong. */
    private int story() {
        int wrong = 0;
        wrong += step("address of the contracts", this::address);
        wrong += step("invioSAP", this::invio);
        wrong += step("invioSAP, same Identificatore", this::again);
        wrong += step("verificaEsistenzaSAP", this::verifica);
        wrong += step("verificaEsistenzaSAP, dynamic call over the WSDL", this::dynamic);
        wrong += step("verificaEsistenzaSAP, dynamic call, RPC and encoded", this::encoded);
        wrong += step("verificaEsistenzaSAP, document in an attachment", this::attached);
        wrong += step("richiestaSAP", this::richiesta);
        wrong += step("richiestaCodSAPRegTitolare", this::titolare);
        wrong += step("recuperaListaSAPNonAttive", this::nonAttive);
        wrong += step("richiestaSAP_N00_A02", this::did);
        wrong += step("invioSAP, document not valid", this::nonValida);
        wrong += step("invioSAP, with an attachment beside", this::allegato);
        wrong += step("annullaSAP", this::annulla);
        wrong += step("verificaEsistenzaSAP, once annulled", this::sparita);
        wrong += step("InviaComunicazioneObbligatoria, UNILAV", this::unilav);
        wrong += step("Mittente that is not known", this::sconosciuto);
        return wrong;
    }

    private static int step(String name, Porta.Invocation<String> step) {
        try {
            System.out.println("ok    " + name + ": " + step.run());
            return 0;
        } catch (Wrong wrong) {
            System.out.println("WRONG " + name + ": " + wrong.getMessage());
        } catch (AxisFault fault) {
            System.out.println("WRONG " + name + ": fault " + fault.getFaultCode() + " " + fault.getFaultString());
        } catch (Exception other) {
            System.out.println("WRONG " + name + ": " + other);
            other.printStackTrace();
        }
        return 1;
    }

    /** Where the stubs call is what the gateway wrote into its contracts. */
    private String address() throws Exception {
        String one = new ServizicoapWSServiceLocator().getservizicoapWSAddress();
        String other = new ComunicazioniWSServiceLocator().getcomunicazioniWSAddress();
        boolean ours = one.startsWith(base + "/") && other.startsWith(base + "/");
        Wrong.unless(ours, "the WSDLs send callers to " + one + " and " + other + ", not to " + base);
        return one;
    }

    private String invio() throws Exception {
        invio = busta("invioSAP");
        Risposta risposta = porta.call(sap, invio, Busta.Dress.BUILT, () -> invioSAP(SCHEDA));
        risposta.mustBe("OK");
        codice = risposta.codice.value;
        Wrong.unless(codice.matches("[A-Z]{2}[0-9]{8}[A-Z]"), "CodiceSAP " + codice + " has not its form");
        return "Esito OK, CodiceSAP " + codice;
    }

    private String again() throws Exception {
        Risposta risposta = porta.repeat(sap, invio, Busta.Dress.DOM, () -> invioSAP(SCHEDA));
        risposta.mustBe("OK");
        mustBeOurs(risposta.codice.value);
        return "the recorded verdict";
    }

    private String verifica() throws Exception {
        return mustBeOurs(verifica(document("verifica-sap.xml")));
    }

    /** Without stubs: Axis reads the contract over mutual TLS at run time. */
    private String dynamic() throws Exception {
        String namespace = "http://servizi.lavoro.gov.it/servizicoap";
        URL contract = new URL(base + "/pdd/ServiziSAP?wsdl");
        Service service = new Service(contract, new QName(namespace, "servizicoapWSService")) {
            @Override
            protected EngineConfiguration getEngineConfiguration() {
                return porta.configuration;
            }
        };
        QName azione = new QName("verificaEsistenzaSAP");
        return dynamic((Call) service.createCall(new QName(namespace, "servizicoapWS"), azione));
    }

    /** What Axis writes when it is told nothing: encodingStyle, and an xsi:type on every value, those of the busta too. */
    private String encoded() throws Exception {
        Call call = (Call) new Service(porta.configuration).createCall();
        call.setTargetEndpointAddress(base + "/pdd");
        call.setOperationName(new QName(TYPES, "verificaEsistenzaSAP"));
        call.addParameter(new QName(TYPES, "CodiceFiscale"), Constants.XSD_STRING, ParameterMode.IN);
        call.setReturnType(Constants.XSD_STRING);
        return dynamic(call);
    }

    private String dynamic(Call call) throws Exception {
        Busta request = busta("verificaEsistenzaSAP");
        return mustBeOurs((String) porta.call(call, request, Busta.Dress.TYPED, document("verifica-sap.xml")));
    }

    /** The document travels in a part, and the member names it. */
    private String attached() throws Exception {
        byte[] document = document("verifica-sap.xml").getBytes(StandardCharsets.UTF_8);
        AttachmentPart part = Porta.part("text/xml", document);
        return mustBeOurs(Porta.withAttachment(sap, part, () -> verifica("cid:" + part.getContentId())));
    }

    private String richiesta() throws Exception {
        Busta request = busta("richiestaSAP");
        String answer = porta.call(sap, request, Busta.Dress.DOM, () -> sap.richiestaSAP(identificativo()));
        Element scheda = inner(answer, "lavoratore");
        String person = scheda.getElementsByTagName("codicefiscale").item(0).getTextContent();
        Wrong.unless(person.equals(PERSONA), "the SAP is that of " + person + ", must be that of " + PERSONA);
        return "a scheda of the same person";
    }

    private String titolare() throws Exception {
        StringHolder found = new StringHolder();
        StringHolder regione = new StringHolder();
        StringHolder ente = new StringHolder();
        porta.call(sap, busta("richiestaCodSAPRegTitolare"), Busta.Dress.BUILT, () -> {
            sap.richiestaCodSAPRegTitolare(document("richiesta-cod-sap-reg-titolare.xml"), found, regione, ente);
            return null;
        });
        mustBeOurs(found.value);
        Wrong.unless(regione.value != null && !regione.value.isEmpty(), "CodiceRegione is empty");
        return "region " + regione.value + ", body " + ente.value;
    }

    private String nonAttive() throws Exception {
        Busta request = busta("recuperaListaSAPNonAttive");
        String[] answer = porta.call(sap, request, Busta.Dress.BUILT, () -> sap.recuperaListaSAPNonAttive(document("lista-sap.xml")));
        return (answer == null ? 0 : answer.length) + " found";
    }

    private String did() throws Exception {
        Busta request = busta("richiestaSAP_N00_A02");
        String answer = porta.call(sap, request, Busta.Dress.BUILT, () -> sap.richiestaSAP_N00_A02(PERSONA));
        if (answer == null || answer.isEmpty()) {
            return "no DID";
        }
        inner(answer, "ListaDID");
        return "a ListaDID";
    }

    private String nonValida() throws Exception {
        Busta request = busta("invioSAP");
        return porta.call(sap, request, Busta.Dress.BUILT, () -> invioSAP("non-validi/scheda-cap-corto.xml")).mustBeKo("EB-XSD");
    }

    /** services/sap.toml leaves `allegati` out, and so takes none: nothing of a message is lost in silence. */
    private String allegato() throws Exception {
        AttachmentPart part = Porta.part("application/pdf", new byte[] {'%', 'P', 'D', 'F', '\r', '\n', 0, (byte) 0xff});
        Busta request = busta("invioSAP");
        return Porta.withAttachment(sap, part, () -> porta.call(sap, request, Busta.Dress.BUILT, () -> invioSAP(SCHEDA)))
            .mustBeKo("EB-ATTACHMENT");
    }

    private String annulla() throws Exception {
        Risposta_annullaSAP_TypeEsitoHolder esito = new Risposta_annullaSAP_TypeEsitoHolder();
        Risposta risposta = new Risposta();
        porta.call(sap, busta("annullaSAP"), Busta.Dress.BUILT, () -> {
            sap.annullaSAP(identificativo(), esito, risposta.errore);
            return risposta.withEsito(esito.value.getValue());
        }).mustBe("OK");
        return "Esito OK";
    }

    private String sparita() throws Exception {
        String answer = verifica(document("verifica-sap.xml"));
        Wrong.unless("0".equals(answer), "CodiceSAP " + answer + " after annullaSAP, must be 0");
        return answer;
    }

    private String unilav() throws Exception {
        Risposta_InviaComunicazioneObbligatoriaEsitoHolder esito = new Risposta_InviaComunicazioneObbligatoriaEsitoHolder();
        Risposta risposta = new Risposta();
        Busta request = Busta.request(MITTENTE, "InviaComunicazioneObbligatoria", null);
        porta.call(co, request, Busta.Dress.BUILT, () -> {
            co.inviaComunicazioneObbligatoria(document("unilav-assunzione.xml"), esito, risposta.errore, risposta.codice);
            return risposta.withEsito(esito.value.getValue());
        }).mustBe("OK");
        String comunicazione = risposta.codice.value;
        Wrong.unless(comunicazione.length() == 16, "CodiceComunicazione " + comunicazione + " has not sixteen characters");
        return "Esito OK, CodiceComunicazione " + comunicazione;
    }

    private String sconosciuto() throws Exception {
        Busta request = Busta.request("ATLANTIDE", "ServiziSAP", "verificaEsistenzaSAP");
        List<String> eccezioni = List.of("EGOV_IT_101 Mittente/IdentificativoParte",
            "EGOV_IT_116 ListaTrasmissioni/Trasmissione/Origine/IdentificativoParte");
        porta.mustBeRefused(sap, request, eccezioni, () -> sap.verificaEsistenzaSAP(document("verifica-sap.xml")));
        return "EGOV_IT_101, EGOV_IT_116";
    }

    /** What an action with an Esito answers: the members of its reply, into which Axis writes. */
    private static final class Risposta {
        private final StringHolder errore = new StringHolder();
        private final StringHolder codice = new StringHolder();
        private String esito;

        Risposta withEsito(String value) {
            esito = value;
            return this;
        }

        void mustBe(String wanted) throws Wrong {
            Wrong.unless(wanted.equals(esito), "Esito " + esito + ", MessaggioErrore " + errore.value);
        }

        String mustBeKo(String anomalia) throws Exception {
            mustBe("KO");
            inner(errore.value, "ListaAnomalie");
            Wrong.unless(errore.value.contains(anomalia), "MessaggioErrore does not say " + anomalia + ": " + errore.value);
            return "Esito KO, " + anomalia;
        }
    }

    private Risposta invioSAP(String document) throws Exception {
        Risposta risposta = new Risposta();
        Risposta_invioSAP_TypeEsitoHolder esito = new Risposta_invioSAP_TypeEsitoHolder();
        sap.invioSAP(document(document), esito, risposta.errore, risposta.codice);
        return risposta.withEsito(esito.value.getValue());
    }

    private String verifica(String member) throws Exception {
        return porta.call(sap, busta("verificaEsistenzaSAP"), Busta.Dress.BUILT, () -> sap.verificaEsistenzaSAP(member));
    }

    private static Busta busta(String azione) {
        return Busta.request(MITTENTE, "ServiziSAP", azione);
    }

    /** The CodiceSAP that invioSAP got. */
    private String mustBeOurs(String found) throws Wrong {
        Wrong.unless(codice != null, "not tried, invioSAP gave no CodiceSAP");
        Wrong.unless(codice.equals(found), "CodiceSAP " + found + ", must be " + codice);
        return found;
    }

    /** An inner document of the samples, as text: Axis escapes it into the wrapper element. */
    private String document(String name) throws Exception {
        return Files.readString(documents.resolve(name));
    }

    private String identificativo() throws Exception {
        Wrong.unless(codice != null, "not tried, invioSAP gave no CodiceSAP");
        return document("identificativo-sap.xml").replace("AA00000001A", codice);
    }

    /** The document inside an answer. */
    private static Element inner(String text, String root) throws Exception {
        Element found = Porta.parse(text);
        Wrong.unless(root.equals(found.getLocalName()), "the answer holds <" + found.getLocalName() + ">, must hold <" + root + ">");
        return found;
    }
}
